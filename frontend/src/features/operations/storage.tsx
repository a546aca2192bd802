"use client";

import { useQuery } from "@tanstack/react-query";
import { toast } from "@/lib/toast";

import { api, bodyOf, type Schemas } from "@/lib/api/client";
import { formatBytes } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { LANGUAGE, t } from "@/lib/text";
import { useChange } from "@/lib/use-change";
import { Button } from "@/ui/button";
import { Section } from "@/ui/section";
import { Bars } from "@/ui/bars";
import { Failed, Loading } from "@/ui/states";

type Task = Schemas["TaskWanted"]["task"];

const TASKS: { task: Task; label: string; about: string }[] = [
  { task: "recount_quota", label: t`Recount quotas`, about: t`Count what is stored, and mend the books where they differ.` },
  { task: "scan_store", label: t`Scan the store`, about: t`Compare objects with rows, both ways. Deletes nothing.` },
  { task: "verify_files", label: t`Verify all files`, about: t`Read every version and compare it with its digest. Marks nothing.` },
  { task: "fix_types", label: t`Check media types`, about: t`Look at the first bytes of every file. Changes nothing.` },
];

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <li className="rounded-xl border border-line bg-panel px-4 py-3">
      <p className="text-xs text-muted">{label}</p>
      <p className="text-lg font-semibold tabular-nums">{value}</p>
    </li>
  );
}

/** What is stored in all, by the largest projects, and the tasks that look after it. */
export function StorageOverview() {
  const storage = useQuery({ queryKey: ["storage"], queryFn: () => bodyOf(api.GET("/api/v1/system/storage")) });
  const start = useChange("system-jobs", (task: Task) => bodyOf(api.POST("/api/v1/system/tasks", { body: { task, is_dry_run: task !== "recount_quota" } })));
  if (storage.isPending) return <Loading />;
  if (storage.isError) return <Failed error={storage.error} onRetry={() => void storage.refetch()} />;
  const { data } = storage;
  const begin = (task: Task, label: string) => start.mutateAsync(task).then(() => toast(t`${label}: see Jobs for what it finds`), (error: unknown) => toast.error(messageOf(error)));
  return (
    <>
      <ul className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        <Figure label={t`Stored`} value={formatBytes(data.used_bytes)} />
        <Figure label={t`On the way`} value={formatBytes(data.reserved_bytes)} />
        <Figure label={t`Previews and films made`} value={formatBytes(data.derived_bytes)} />
        <Figure label={t`In the trash`} value={formatBytes(data.trash_bytes)} />
        <Figure label={t`Files`} value={data.files.toLocaleString(LANGUAGE)} />
        <Figure label={t`Open uploads`} value={data.open_uploads.toLocaleString(LANGUAGE)} />
        <Figure label={t`Objects about to be deleted`} value={data.doomed_objects.toLocaleString(LANGUAGE)} />
        <Figure label={t`Buckets`} value={String(data.buckets.length)} />
      </ul>
      <Section title={t`Largest projects`}>
        <Bars
          label={t`Bytes by project`}
          format={formatBytes}
          rows={data.largest.map((project) => ({
            name: project.name,
            parts: [
              { name: t`Files`, value: Math.max(0, project.used_bytes - project.trash_bytes), tone: "accent" as const },
              { name: t`Trash`, value: project.trash_bytes, tone: "warn" as const },
              { name: t`Made of them`, value: project.derived_bytes, tone: "good" as const },
              { name: t`On the way`, value: project.reserved_bytes, tone: "muted" as const },
            ],
          }))}
        />
      </Section>
      <Section title={t`Look after it`} about={t`Each runs in the background.`}>
        <ul className="flex flex-col gap-3">
          {TASKS.map(({ task, label, about }) => (
            <li key={task} className="flex flex-wrap items-center gap-3">
              <Button className="w-44" disabled={start.isPending} onClick={() => void begin(task, label)}>
                {label}
              </Button>
              <span className="text-sm text-muted">{about}</span>
            </li>
          ))}
        </ul>
      </Section>
    </>
  );
}
