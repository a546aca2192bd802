"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { Download, ScrollText } from "lucide-react";
import { useState } from "react";
import { toast } from "@/lib/toast";

import { api, bodyOf, type Schemas } from "@/lib/api/client";
import { freshToken } from "@/lib/api/session";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Choice, Field } from "@/ui/field";
import { Empty, Failed, Loading } from "@/ui/states";
import { ROW, Table } from "@/ui/table";

type Filters = { actor?: string; verb?: string; outcome?: string; since?: string; until?: string };

const VERBS: Record<string, string> = { auth: t`Signing in and out`, files: t`Files`, folders: t`Folders`, projects: t`Projects`, members: t`Members`, users: t`People`, tokens: t`API tokens`, jobs: t`Jobs`, quota: t`Quotas`, system: t`System` };

function queryOf(filters: Filters) {
  const given = Object.entries(filters).filter(([, value]) => value);
  return Object.fromEntries(given.map(([name, value]) => [name, name === "since" || name === "until" ? `${value}T00:00:00Z` : value])) as Filters;
}

function useAccessLog(filters: Filters) {
  return useInfiniteQuery({
    queryKey: ["audit", filters],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => bodyOf(api.GET("/api/v1/system/audit", { params: { query: { limit: 100, ...queryOf(filters), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    getNextPageParam: (page) => page.next_cursor ?? null,
  });
}

/** Fetched with the token, then saved: a plain link could not carry it. */
async function save(filters: Filters, format: "csv" | "jsonl"): Promise<void> {
  const query = new URLSearchParams({ ...queryOf(filters), format });
  const answer = await fetch(`/api/v1/system/audit/export?${query}`, { headers: { Authorization: `Bearer ${await freshToken()}` } });
  if (!answer.ok) throw new Error(String(answer.status));
  const url = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = `access-log.${format}`;
  link.click();
  URL.revokeObjectURL(url);
}

function changeOf(details: Schemas["AccessView"]["details"]): string {
  const { before, after, ...rest } = details as Record<string, unknown>;
  const parts = [before ? t`was ${JSON.stringify(before)}` : "", after ? t`is ${JSON.stringify(after)}` : "", Object.keys(rest).length ? JSON.stringify(rest) : ""];
  return parts.filter(Boolean).join(", ");
}

function Rows({ log }: { log: ReturnType<typeof useAccessLog> }) {
  if (log.isPending) return <Loading />;
  if (log.isError) return <Failed error={log.error} onRetry={() => void log.refetch()} />;
  const rows = log.data.pages.flatMap((page) => page.items);
  if (rows.length === 0) return <Empty icon={<ScrollText className="size-10" />} title={t`Nothing matches`} />;
  return (
    <>
      <Table headings={[t`When`, t`Who`, t`What`, t`To`, t`From`, t`Details`]} testId="audit">
        {rows.map((row) => (
          <tr key={row.id} className={`${ROW} align-top`}>
            <td className="px-4 py-2 whitespace-nowrap text-muted tabular-nums">{row.at.slice(0, 19).replace("T", " ")}</td>
            <td className="px-4 py-2">{row.actor || row.actor_kind}</td>
            <td className={`px-4 py-2 whitespace-nowrap ${row.outcome === "refused" ? "text-bad" : ""}`}>
              {row.verb}
              {row.outcome !== "done" && ` (${row.outcome})`}
            </td>
            <td className="px-4 py-2 break-all">{row.object_name}</td>
            <td className="px-4 py-2 whitespace-nowrap text-muted">{row.address}</td>
            <td className="max-w-72 truncate px-4 py-2 text-xs text-muted" title={changeOf(row.details)}>
              {changeOf(row.details)}
            </td>
          </tr>
        ))}
      </Table>
      {log.hasNextPage && (
        <Button onClick={() => void log.fetchNextPage()} className="self-center">
          {t`Show more`}
        </Button>
      )}
    </>
  );
}

/** Who did what to which thing, from where, and how it ended. */
export function AccessLog() {
  const [filters, setFilters] = useState<Filters>({});
  const log = useAccessLog(filters);
  const set = (name: keyof Filters) => (event: { target: { value: string } }) => setFilters({ ...filters, [name]: event.target.value });
  const complain = (error: unknown) => toast.error(messageOf(error));
  return (
    <>
      <div className="flex flex-wrap items-end gap-3">
        <Field label={t`Who`} value={filters.actor ?? ""} onChange={set("actor")} placeholder={t`name`} className="w-36" />
        <Choice label={t`What`} value={filters.verb ?? ""} onChange={set("verb")}>
          <option value="">{t`Anything`}</option>
          {Object.entries(VERBS).map(([verb, text]) => (
            <option key={verb} value={`${verb}.`}>
              {text}
            </option>
          ))}
        </Choice>
        <Choice label={t`How it ended`} value={filters.outcome ?? ""} onChange={set("outcome")}>
          <option value="">{t`Done or refused`}</option>
          <option value="done">{t`Done`}</option>
          <option value="refused">{t`Refused`}</option>
        </Choice>
        <Field label={t`Since`} type="date" value={filters.since ?? ""} onChange={set("since")} />
        <Field label={t`Before`} type="date" value={filters.until ?? ""} onChange={set("until")} />
        <span className="ml-auto flex gap-2">
          <Button onClick={() => void save(filters, "csv").catch(complain)}>
            <Download className="size-4" aria-hidden /> {t`CSV`}
          </Button>
          <Button onClick={() => void save(filters, "jsonl").catch(complain)}>
            <Download className="size-4" aria-hidden /> {t`JSON`}
          </Button>
        </span>
      </div>
      <Rows log={log} />
    </>
  );
}
