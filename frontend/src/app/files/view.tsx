"use client";

import { FolderPlus, Search, Settings } from "lucide-react";
import Link from "next/link";
import { useRouter, useSearchParams } from "next/navigation";
import { useDeferredValue, useState } from "react";
import { toast } from "sonner";

import { Breadcrumbs, Details, FileList, useCreateFolder } from "@/features/files";
import { useProjects } from "@/features/projects";
import { DropZone, UnfinishedUploads, UploadButton } from "@/features/uploads";
import { messageOf } from "@/lib/problem";
import { NameForm } from "@/ui/name-form";
import { SearchField } from "@/ui/search-field";
import { Empty } from "@/ui/states";

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
  return { project: params.get("project"), folder: params.get("folder"), file: params.get("file"), go };
}

function NewFolder({ projectId, parent }: { projectId: string; parent: string | null }) {
  const create = useCreateFolder(projectId, parent);
  return (
    <NameForm
      label="Name of the new folder"
      isBusy={create.isPending}
      onName={(name, close) => create.mutate(name, { onSuccess: close, onError: (error) => toast.error(messageOf(error)) })}
    >
      <FolderPlus className="size-4" aria-hidden /> <span className="max-sm:sr-only">Folder</span>
    </NameForm>
  );
}

export function FilesView() {
  const { project, folder, file, go } = useFilesUrl();
  const projects = useProjects();
  const router = useRouter();
  const [text, setText] = useState("");
  const query = useDeferredValue(text.trim());
  if (!project) return <Empty icon={<Search className="size-10" />} title="No project chosen" />;
  const target = { projectId: project, folderId: folder };
  const name = projects.data?.items.find((item) => item.id === project)?.name ?? "Project";
  return (
    <DropZone target={target}>
      <div className="flex flex-wrap items-center gap-3 border-b border-line px-4 py-3">
        <Breadcrumbs projectId={project} projectName={name} folder={folder} onFolder={(id) => go({ folder: id, file: null })} />
        <SearchField label="Find in this folder" value={text} onValue={setText} className="w-44" />
        <Link href={`/projects/settings/?project=${project}`} aria-label="Members and settings" title="Members and settings" className="inline-flex size-9 items-center justify-center rounded-lg text-muted hover:bg-sunken hover:text-text">
          <Settings className="size-4" aria-hidden />
        </Link>
        <NewFolder projectId={project} parent={folder} />
        <UploadButton target={target} />
      </div>
      <div className="flex min-h-0 flex-1">
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          <div className="p-4 empty:hidden has-[>*]:block [&:not(:has(*))]:hidden">
            <UnfinishedUploads />
          </div>
          <FileList
            projectId={project}
            folder={folder}
            query={query}
            selected={file}
            onFolder={(id) => go({ folder: id, file: null })}
            onSelect={(id) => go({ file: id })}
            onOpen={(entry) => router.push(["video", "audio"].includes(entry.preview?.kind ?? "") ? `/watch/?file=${entry.id}` : `/files/?project=${project}&file=${entry.id}`)}
          />
        </div>
        {file && <Details id={file} onClose={() => go({ file: null })} />}
      </div>
    </DropZone>
  );
}
