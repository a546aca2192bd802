"use client";

import { useRouter } from "next/navigation";
import type { FormEvent } from "react";
import { toast } from "@/lib/toast";

import { formatBytes } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { ActivityList } from "@/ui/activity-list";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { QuotaBar } from "@/ui/quota-cell";
import { Section } from "@/ui/section";
import { Failed, Loading } from "@/ui/states";
import { type Project, useChangeProject, useDeleteProject, useProject, useProjectActivity } from "./api";
import { Members } from "./members";

const say = (error: unknown) => toast.error(messageOf(error));

function General({ project }: { project: Project }) {
  const change = useChangeProject(project.id);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name")).trim();
    change.mutate({ name }, { onSuccess: () => toast.success(t`Saved`), onError: say });
  };
  const { used_bytes: used, reserved_bytes: reserved, limit_bytes: limit } = project.quota;
  return (
    <Section title={t`General`}>
      {project.permissions.includes("manage") && (
        <form onSubmit={submit} className="flex items-end gap-3">
          <Field label={t`Name`} name="name" required maxLength={255} defaultValue={project.name} className="flex-1" />
          <Button type="submit" disabled={change.isPending}>
            {t`Save`}
          </Button>
        </form>
      )}
      <div className="flex flex-col gap-1.5">
        <p className="text-sm">
          {t`${formatBytes(used)} of ${formatBytes(limit)} used`}{reserved > 0 && t`, ${formatBytes(reserved)} on the way`}{t`, and ${formatBytes(project.derived_bytes)} of previews beside`}
        </p>
        <QuotaBar name={project.name} quota={project.quota} />
        <p className="text-xs text-muted">{t`Trash counts as used. An administrator changes what is allowed.`}</p>
      </div>
    </Section>
  );
}

function Versions({ project }: { project: Project }) {
  const change = useChangeProject(project.id);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const number = Number(new FormData(event.currentTarget).get("keep"));
    change.mutate({ keep_versions: number > 0 ? number : null }, { onSuccess: () => toast.success(t`Saved`), onError: say });
  };
  return (
    <Section title={t`Versions`} about={t`When a file gets a new version, older ones than these are deleted for good.`}>
      <form onSubmit={submit} className="flex items-end gap-3">
        <Field label={t`Versions kept of each file`} name="keep" type="number" min={1} max={10_000} placeholder={t`All`} defaultValue={project.keep_versions ?? ""} className="w-56" />
        <Button type="submit" disabled={change.isPending}>
          {t`Save`}
        </Button>
      </form>
    </Section>
  );
}

function ProjectActivity({ id }: { id: string }) {
  const activity = useProjectActivity(id);
  return (
    <Section title={t`Activity`}>
      {activity.isPending && <Loading />}
      {activity.isError && <Failed error={activity.error} />}
      {activity.data && <ActivityList items={activity.data.pages.flatMap((page) => page.items)} />}
      {activity.hasNextPage && (
        <Button onClick={() => void activity.fetchNextPage()} className="self-center">
          {t`Show more`}
        </Button>
      )}
    </Section>
  );
}

function Ending({ project }: { project: Project }) {
  const router = useRouter();
  const change = useChangeProject(project.id);
  const remove = useDeleteProject();
  const isArchived = project.archived_at !== null;
  const end = () => {
    if (!window.confirm(t`Delete ${project.name} with everything in it? You can restore it for a while from the page of projects.`)) return;
    // By the time it is done this form is gone, and callbacks of `mutate` with it.
    remove.mutateAsync(project.id).then(() => router.replace("/projects/"), say);
  };
  return (
    <Section title={t`Archive or delete`} about={t`Nothing in an archived project changes. A deleted one is out of everybody's sight, and gone for good after two weeks unless the server says otherwise.`}>
      <div className="flex flex-wrap gap-3">
        <Button onClick={() => change.mutate({ is_archived: !isArchived }, { onError: say })} disabled={change.isPending}>
          {isArchived ? t`Take out of the archive` : t`Archive`}
        </Button>
        <Button look="danger" onClick={end} disabled={remove.isPending}>
          {t`Delete project`}
        </Button>
      </div>
    </Section>
  );
}

/** Name, space, members and the end of one project; `me` is the id of who looks. */
export function ProjectSettings({ id, me }: { id: string; me: string }) {
  const project = useProject(id);
  if (project.isPending) return <Loading />;
  if (project.isError) return <Failed error={project.error} onRetry={() => void project.refetch()} />;
  return (
    <>
      {project.data.archived_at && <p className="rounded-lg bg-sunken px-4 py-2 text-sm">{t`This project is archived: nothing in it changes.`}</p>}
      <General key={project.data.name} project={project.data} />
      <Members project={project.data} me={me} />
      {project.data.permissions.includes("manage") && <Versions key={project.data.keep_versions} project={project.data} />}
      <ProjectActivity id={id} />
      {project.data.permissions.includes("own") && <Ending project={project.data} />}
    </>
  );
}
