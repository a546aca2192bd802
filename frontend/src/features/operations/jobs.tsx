"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Cog, RotateCcw, X } from "lucide-react";
import { useState } from "react";
import { toast } from "@/lib/toast";

import { api, bodyOf, type Schemas } from "@/lib/api/client";
import { formatAgo } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { useChange } from "@/lib/use-change";
import { JobHours } from "./job-hours";
import { Button, IconButton } from "@/ui/button";
import { Choice } from "@/ui/field";
import { Progress } from "@/ui/progress";
import { Empty, Failed, Loading } from "@/ui/states";
import { ROW, Table } from "@/ui/table";

const STATES = ["queued", "running", "done", "failed", "cancelled"] as const;
type State = (typeof STATES)[number];
type Job = Schemas["SystemJob"];

const REFRESH_MS = 10_000;
const TONES: Record<string, string> = { failed: "text-bad", running: "text-accent", done: "text-good", cancelled: "text-muted", queued: "text-muted" };

function useJobs(state: State | "") {
  return useInfiniteQuery({
    queryKey: ["system-jobs", state],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => bodyOf(api.GET("/api/v1/system/jobs", { params: { query: { limit: 100, ...(state ? { state: [state] } : {}), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    getNextPageParam: (page) => page.next_cursor ?? null,
    refetchInterval: REFRESH_MS,
  });
}

function Counts() {
  const counts = useQuery({ queryKey: ["system-jobs", "counts"], queryFn: () => bodyOf(api.GET("/api/v1/system/jobs/counts")), refetchInterval: REFRESH_MS });
  const queues = [...new Set(counts.data?.items.map((item) => item.queue))];
  const count = (queue: string, state: string) => counts.data?.items.find((item) => item.queue === queue && item.state === state)?.jobs ?? 0;
  return (
    <ul className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      {queues.map((queue) => (
        <li key={queue} className="rounded-xl border border-line bg-panel px-4 py-3">
          <p className="text-xs text-muted">{t`Queue ${queue}`}</p>
          <p className="text-sm">
            <span className="text-lg font-semibold tabular-nums">{count(queue, "queued")}</span>{t` waiting, ${count(queue, "running")} running`}
          </p>
          <p className={`text-xs ${count(queue, "failed") ? "text-bad" : "text-muted"}`}>{t`${count(queue, "failed")} failed`}</p>
        </li>
      ))}
    </ul>
  );
}

/** Who is there to do it, and what confines what they read. */
function Workers() {
  const workers = useQuery({ queryKey: ["system-workers"], queryFn: () => bodyOf(api.GET("/api/v1/system/workers")), refetchInterval: REFRESH_MS });
  if (!workers.data) return null;
  return (
    <Table headings={[t`Worker`, t`Doing`, t`Confined by`, t`ffmpeg`, t`Since`]} testId="workers">
      {workers.data.items.map((worker) => (
        <tr key={worker.id} className={ROW}>
          <td className="px-4 py-2">
            <span className="block font-medium">{worker.queue}</span>
            <span className="block text-xs text-muted">{worker.id}</span>
          </td>
          <td className="px-4 py-2 whitespace-nowrap tabular-nums">{t`${worker.running} of ${worker.slots}`}</td>
          <td className="px-4 py-2 text-xs text-muted">{worker.sandbox}</td>
          <td className="px-4 py-2 text-xs whitespace-nowrap text-muted">{worker.ffmpeg}</td>
          <td className="px-4 py-2 whitespace-nowrap text-muted">{formatAgo(worker.started_at)}</td>
        </tr>
      ))}
    </Table>
  );
}

function Row({ job }: { job: Job }) {
  const retry = useChange("system-jobs", () => api.POST("/api/v1/system/jobs/{job_id}/retry", { params: { path: { job_id: job.id } } }));
  const cancel = useChange("system-jobs", () => api.DELETE("/api/v1/system/jobs/{job_id}", { params: { path: { job_id: job.id } } }));
  const complain = { onError: (error: unknown) => toast.error(messageOf(error)) };
  return (
    <tr className={`${ROW} align-top`}>
      <td className="px-4 py-2">
        <span className="block font-medium">{job.tag}</span>
        <span className="block text-xs text-muted">
          {job.queue}
          {job.worker && ` · ${job.worker}`}
        </span>
      </td>
      <td className={`px-4 py-2 ${TONES[job.state] ?? ""}`}>
        {job.state}
        {job.state === "running" && job.progress != null && <Progress value={job.progress} label={t`Progress of ${job.tag}`} />}
      </td>
      <td className="px-4 py-2 tabular-nums">
        {t`${job.attempt} of ${job.max_attempts}`}
      </td>
      <td className="px-4 py-2 whitespace-nowrap text-muted">{formatAgo(job.finished_at ?? job.started_at ?? job.created_at)}</td>
      <td className="max-w-80 px-4 py-2 text-xs break-words text-muted">{job.error ?? (job.result ? JSON.stringify(job.result).slice(0, 300) : "")}</td>
      <td className="px-4 py-2">
        {(job.state === "failed" || job.state === "cancelled") && (
          <IconButton label={t`Try ${job.tag} again`} disabled={retry.isPending} onClick={() => retry.mutate(undefined, complain)}>
            <RotateCcw className="size-4" />
          </IconButton>
        )}
        {(job.state === "queued" || job.state === "running") && (
          <IconButton label={t`Cancel ${job.tag}`} disabled={cancel.isPending} onClick={() => cancel.mutate(undefined, complain)}>
            <X className="size-4" />
          </IconButton>
        )}
      </td>
    </tr>
  );
}

/** Work in the background: what waits, runs, failed, and why. */
export function Jobs() {
  const [state, setState] = useState<State | "">("");
  const jobs = useJobs(state);
  const rows = jobs.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <Counts />
      <JobHours />
      <Workers />
      <Choice label={t`State`} value={state} onChange={(event) => setState(event.target.value as State | "")} className="self-start">
        <option value="">{t`All states`}</option>
        {STATES.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </Choice>
      {jobs.isPending && <Loading />}
      {jobs.isError && <Failed error={jobs.error} onRetry={() => void jobs.refetch()} />}
      {jobs.data && rows.length === 0 && <Empty icon={<Cog className="size-10" />} title={t`No jobs`} />}
      {rows.length > 0 && (
        <Table headings={[t`Job`, t`State`, t`Attempt`, t`When`, t`What came of it`, `-${t`Actions`}`]} testId="jobs">
          {rows.map((job) => (
            <Row key={job.id} job={job} />
          ))}
        </Table>
      )}
      {jobs.hasNextPage && (
        <Button onClick={() => void jobs.fetchNextPage()} className="self-center">
          {t`Show more`}
        </Button>
      )}
    </>
  );
}
