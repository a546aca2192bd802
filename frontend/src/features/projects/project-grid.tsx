"use client";

import { FolderKanban, Plus } from "lucide-react";
import Link from "next/link";
import { toast } from "@/lib/toast";

import { formatAgo, formatBytes } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { NameForm } from "@/ui/name-form";
import { QuotaBar } from "@/ui/quota-cell";
import { Empty, Failed, Loading } from "@/ui/states";
import { type Project, useCreateProject, useDeletedProjects, useProjects, useRestoreProject } from "./api";

function Card({ project }: { project: Project }) {
  const { used_bytes: used, limit_bytes: limit } = project.quota;
  return (
    <Link href={`/files/?project=${project.id}`} className="flex flex-col gap-3 rounded-xl border border-line bg-panel p-5 transition-colors hover:border-accent">
      <div className="flex items-center gap-3">
        <FolderKanban className="size-5 text-accent" aria-hidden />
        <span className="truncate font-medium">{project.name}</span>
        <span className="ml-auto text-xs text-muted">{project.archived_at ? "archived" : project.role}</span>
      </div>
      <QuotaBar name={project.name} quota={project.quota} />
      <p className="text-xs text-muted">
        {t`${formatBytes(used)} of ${formatBytes(limit)} · previews ${formatBytes(project.derived_bytes)} · made ${formatAgo(project.created_at)}`}
      </p>
    </Link>
  );
}

function NewProject() {
  const create = useCreateProject();
  return (
    <NameForm
      look="primary"
      label={t`Name of the project`}
      isBusy={create.isPending}
      onName={(name, close) => create.mutate(name, { onSuccess: close, onError: (error) => toast.error(messageOf(error)) })}
    >
      <Plus className="size-4" aria-hidden /> {t`New project`}
    </NameForm>
  );
}

function DeletedProjects() {
  const deleted = useDeletedProjects();
  const restore = useRestoreProject();
  if (!deleted.data?.items.length) return null;
  return (
    <section className="flex flex-col gap-3">
      <h2 className="font-semibold">{t`Deleted, and not gone yet`}</h2>
      <ul className="rounded-xl border border-line bg-panel">
        {deleted.data.items.map((project) => (
          <li key={project.id} className="flex items-center gap-3 border-b border-line px-4 py-2 text-sm last:border-0">
            <span className="truncate">{project.name}</span>
            <span className="mr-auto text-muted">{project.deleted_at && formatAgo(project.deleted_at)}</span>
            <Button onClick={() => restore.mutate(project.id, { onError: (error) => toast.error(messageOf(error)) })} disabled={restore.isPending}>
              {t`Restore`}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function ProjectGrid() {
  const projects = useProjects();
  return (
    <section className="flex flex-col gap-6">
      <header className="flex flex-wrap items-center justify-between gap-3">
        <h1 className="text-xl font-semibold">{t`Projects`}</h1>
        <NewProject />
      </header>
      {projects.isPending && <Loading />}
      {projects.isError && <Failed error={projects.error} onRetry={() => void projects.refetch()} />}
      {projects.data?.items.length === 0 && (
        <Empty icon={<FolderKanban className="size-10" />} title={t`No projects yet`}>
          {t`A project holds files, the people who work on them, and a quota.`}
        </Empty>
      )}
      <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">{projects.data?.items.map((project) => <Card key={project.id} project={project} />)}</div>
      <DeletedProjects />
    </section>
  );
}
