"use client";

import { CircleCheck } from "lucide-react";

import type { Schemas } from "@/lib/api/client";
import { t } from "@/lib/text";
import { Progress } from "@/ui/progress";
import { Failed, Loading } from "@/ui/states";
import { useActiveJobs } from "./api";

const WORDS: Record<string, string> = {
  "media.probe": t`Looking into the file`,
  "media.plan": t`Planning`,
  "media.poster": t`Making a still`,
  "media.image": t`Making previews`,
  "media.encode_chunk": t`Transcoding`,
  "media.encode_first_chunk": t`Transcoding the beginning`,
  "media.encode_gpu_chunk": t`Transcoding on a GPU`,
  "media.encode_first_gpu_chunk": t`Transcoding the beginning on a GPU`,
  "media.read_through": t`Transcoding sound and subtitles`,
  "media.waveform": t`Drawing the waveform`,
  "media.take_member": t`Taking a file out of the archive`,
  "media.read_pages": t`Reading the pages`,
  "media.read_sheets": t`Reading the workbook`,
  "media.convert_office": t`Converting the document`,
  "media.finish": t`Finishing`,
  "media.index_archive": t`Looking into the archive`,
  "media.render_pages": t`Drawing pages`,
};

/** One line per file: its running jobs, else that it waits. */
function byFile(jobs: Schemas["JobView"][]): { name: string; what: string; progress: number; waiting: number }[] {
  const files = new Map<string, Schemas["JobView"][]>();
  for (const job of jobs) {
    const key = job.file_name ?? job.tag;
    files.set(key, [...(files.get(key) ?? []), job]);
  }
  return [...files].map(([name, mine]) => {
    const running = mine.filter((job) => job.state === "running");
    const first = running[0] ?? mine[0];
    return { name, what: first ? (WORDS[first.tag] ?? first.tag) : "", progress: first?.progress ?? 0, waiting: mine.length - running.length };
  });
}

export function RunningJobs() {
  const jobs = useActiveJobs();
  if (jobs.isPending) return <Loading />;
  if (jobs.isError) return <Failed error={jobs.error} />;
  const rows = byFile(jobs.data.items);
  if (rows.length === 0) {
    return (
      <p className="flex items-center gap-2 px-4 py-6 text-sm text-muted">
        <CircleCheck className="size-4 text-good" aria-hidden /> {t`Everything is processed.`}
      </p>
    );
  }
  return (
    <ul className="divide-y divide-line">
      {rows.map((row) => (
        <li key={row.name} className="flex flex-col gap-1.5 px-4 py-3">
          <p className="truncate text-sm">{row.name}</p>
          <p className="text-xs text-muted">
            {row.what}
            {row.waiting > 0 && (row.waiting === 1 ? t` · 1 more step waiting` : t` · ${row.waiting} more steps waiting`)}
          </p>
          <Progress value={row.progress} label={t`Processing of ${row.name}`} />
        </li>
      ))}
    </ul>
  );
}
