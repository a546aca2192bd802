"use client";

import { useDeferredValue, useState } from "react";
import { toast } from "@/lib/toast";

import { formatAgo, formatBytes } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { QuotaCell } from "@/ui/quota-cell";
import { SearchField } from "@/ui/search-field";
import { Failed, Loading } from "@/ui/states";
import { ROW, Table } from "@/ui/table";
import { type ProjectOverview, useAllProjects, useSetProjectQuota } from "./api";

function stateOf({ deleted_at: deleted, archived_at: archived }: ProjectOverview): string {
  if (deleted) return t`Deleted ${formatAgo(deleted)}`;
  return archived ? t`Archived` : t`Active`;
}

/** Everybody's projects without their content, for administrators. */
export function AllProjects() {
  const [text, setText] = useState("");
  const projects = useAllProjects(useDeferredValue(text.trim()));
  const setQuota = useSetProjectQuota();
  const found = projects.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <div className="self-start">
        <SearchField label={t`Find projects`} value={text} onValue={setText} />
      </div>
      {projects.isPending && <Loading />}
      {projects.isError && <Failed error={projects.error} onRetry={() => void projects.refetch()} />}
      {projects.isSuccess && (
        <Table headings={[t`Project`, t`Owner`, t`Members`, t`Space`, t`Previews`, t`Made`, t`State`]} testId="all-projects">
          {found.map((project) => (
            <tr key={project.id} className={ROW}>
              <td className="max-w-64 truncate px-4 py-2.5 font-medium">{project.name}</td>
              <td className="px-4">{project.owner ?? "–"}</td>
              <td className="px-4">{project.members}</td>
              <td className="px-4">
                <QuotaCell
                  name={project.name}
                  quota={project.quota}
                  onLimit={(quota_bytes) => setQuota.mutate({ id: project.id, quota_bytes }, { onError: (error) => toast.error(messageOf(error)) })}
                />
              </td>
              <td className="px-4 whitespace-nowrap text-muted">{formatBytes(project.derived_bytes)}</td>
              <td className="px-4 whitespace-nowrap text-muted">{formatAgo(project.created_at)}</td>
              <td className="px-4 whitespace-nowrap text-muted">{stateOf(project)}</td>
            </tr>
          ))}
        </Table>
      )}
      {projects.isSuccess && found.length === 0 && <p className="text-center text-sm text-muted">{t`No project matches.`}</p>}
      {projects.hasNextPage && (
        <Button className="self-center" onClick={() => void projects.fetchNextPage()} disabled={projects.isFetchingNextPage}>
          {t`Show more`}
        </Button>
      )}
    </>
  );
}
