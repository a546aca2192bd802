"use client";

import { LayoutGrid, List, PanelLeft, Search, Settings, Trash2 } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useRouter, useSearchParams } from "next/navigation";
import { type ReactNode, useDeferredValue, useState } from "react";
import { toast } from "@/lib/toast";

import { Breadcrumbs, Details, type Dragged, FolderBrowser, type Sorting, type SortKey, Tree, useBulk } from "@/features/files";
import { useProjects } from "@/features/projects";
import { DropZone, UnfinishedUploads, UploadButton } from "@/features/uploads";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { IconButton } from "@/ui/button";
import { SearchField } from "@/ui/search-field";
import { Empty } from "@/ui/states";

const OpenFile = dynamic(() => import("./open-file").then((found) => found.OpenFile), { ssr: false });
const NewFolder = dynamic(() => import("./new-folder").then((found) => found.NewFolder), { ssr: false });
const SORTS = new Set<string>(["name", "size", "changed", "type"]);

function useFilesUrl() {
  const router = useRouter();
  const params = useSearchParams();
  const go = (changes: Record<string, string | null>) => {
    const next = new URLSearchParams(params);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) next.delete(name);
      else next.set(name, value);
    }
    router.push(`/files/?${next}`);
  };
  const sort = params.get("sort") ?? "";
  const sorting: Sorting = { sort: (SORTS.has(sort) ? sort : "name") as SortKey, desc: params.get("desc") === "1" };
  return { project: params.get("project"), folder: params.get("folder"), file: params.get("file"), open: params.get("open"), isGrid: params.get("view") === "grid", hasTree: params.get("tree") !== "0", sorting, go };
}

function IconLink({ href, label, children }: { href: string; label: string; children: ReactNode }) {
  return (
    <Link href={href} aria-label={label} title={label} className="inline-flex size-8 items-center justify-center rounded-md text-muted hover:bg-sunken hover:text-text">
      {children}
    </Link>
  );
}

export function FilesView() {
  const { project, folder, file, open, isGrid, hasTree, sorting, go } = useFilesUrl();
  const projects = useProjects();
  const bulk = useBulk(project ?? "");
  const [text, setText] = useState("");
  const query = useDeferredValue(text.trim());
  if (!project) return <Empty icon={<Search className="size-10" />} title={t`No project chosen`} />;
  const target = { projectId: project, folderId: folder };
  const here = projects.data?.items.find((item) => item.id === project);
  const name = here?.name ?? t`Project`;
  const canEdit = here?.permissions.includes("edit") ?? false;
  const toFolder = (id: string | null) => go({ folder: id === project ? null : id, file: null });
  const move = (dragged: Dragged, into: string) =>
    void bulk.mutateAsync({ verb: "move", ...dragged, target: into }).then(
      (outcome) => (outcome.refused[0] ? toast.error(outcome.refused[0].detail) : toast(t`Moved`)),
      (error: unknown) => toast.error(messageOf(error)),
    );
  return (
    <DropZone target={target}>
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-3">
        <IconButton label={hasTree ? t`Hide the tree of folders` : t`Show the tree of folders`} aria-pressed={hasTree} onClick={() => go({ tree: hasTree ? "0" : null })} className="max-lg:hidden">
          <PanelLeft className="size-4" />
        </IconButton>
        <Breadcrumbs projectId={project} projectName={name} folder={folder} sorting={sorting} onFolder={toFolder} onMove={move} />
        <SearchField label={t`Find in this folder`} value={text} onValue={setText} className="w-44" />
        <IconLink href={`/search/?project=${project}`} label={t`Search the whole project`}>
          <Search className="size-4" aria-hidden />
        </IconLink>
        <IconButton label={isGrid ? t`Show as a list` : t`Show as a grid`} onClick={() => go({ view: isGrid ? null : "grid" })}>
          {isGrid ? <List className="size-4" /> : <LayoutGrid className="size-4" />}
        </IconButton>
        <IconLink href={`/trash/?project=${project}`} label={t`Trash`}>
          <Trash2 className="size-4" aria-hidden />
        </IconLink>
        <IconLink href={`/projects/settings/?project=${project}`} label={t`Members and settings`}>
          <Settings className="size-4" aria-hidden />
        </IconLink>
        {canEdit && <NewFolder projectId={project} parent={folder} />}
        <UploadButton target={target} />
      </div>
      <div className="flex min-h-0 flex-1">
        {hasTree && (
          <nav aria-label={t`Folders`} className="hidden w-56 shrink-0 overflow-y-auto border-r border-line p-2 lg:block">
            <Tree label={t`Folders of the project`} projectId={project} folder={null} current={folder} onFolder={toFolder} onMove={canEdit ? move : undefined} />
          </nav>
        )}
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          <div className="p-4 empty:hidden has-[>*]:block [&:not(:has(*))]:hidden">
            <UnfinishedUploads />
          </div>
          <FolderBrowser
            projectId={project}
            projectName={name}
            folder={folder}
            query={query}
            sorting={sorting}
            isGrid={isGrid}
            canEdit={canEdit}
            onSorting={({ sort, desc }) => go({ sort: sort === "name" ? null : sort, desc: desc ? "1" : null })}
            onFolder={toFolder}
            onSelect={(id) => go({ file: id })}
            onOpen={(entry) => go({ open: entry.id })}
          />
        </div>
        {file && <Details id={file} canEdit={canEdit} onOpen={() => go({ open: file })} onClose={() => go({ file: null })} />}
        {open && <OpenFile id={open} projectId={project} folder={folder} query={query} sorting={sorting} onOpen={(id) => go({ open: id })} />}
      </div>
    </DropZone>
  );
}
