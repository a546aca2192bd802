"use client";

import { RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";
import { toast } from "@/lib/toast";

import { formatAgo, formatBytes } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Empty, Failed, Loading } from "@/ui/states";
import { ROW, Table } from "@/ui/table";
import { useTrash } from "./api";
import { useBulk, useEmptyTrash } from "./changes";
import { Thumbnail } from "./thumbnail";

type Asked = { title: string; text: string; run: () => Promise<unknown> } | null;

/** What was thrown away in a project: bring it back, or end it. */
export function Trash({ projectId, canEdit }: { projectId: string; canEdit: boolean }) {
  const trash = useTrash(projectId);
  const bulk = useBulk(projectId);
  const empty = useEmptyTrash(projectId);
  const [asked, setAsked] = useState<Asked>(null);
  if (trash.isPending) return <Loading />;
  if (trash.isError) return <Failed error={trash.error} onRetry={() => void trash.refetch()} />;
  const rows = trash.data.pages.flatMap((page) => page.items);
  const complain = (error: unknown) => toast.error(messageOf(error));
  const ids = (row: (typeof rows)[number]) => (row.kind === "file" ? { files: [row.id] } : { folders: [row.id] });
  const restore = (row: (typeof rows)[number]) => bulk.mutateAsync({ verb: "restore", ...ids(row) }).then(() => toast(t`${row.name} is back`), complain);
  if (rows.length === 0) {
    return (
      <Empty icon={<Trash2 className="size-10" />} title={t`The trash is empty`}>
        {t`What is deleted stays here for a while, and counts until it is gone.`}
      </Empty>
    );
  }
  return (
    <>
      {canEdit && (
        <Button look="danger" className="self-start" onClick={() => setAsked({ title: t`Empty the trash?`, text: t`Everything in it is deleted for good.`, run: () => empty.mutateAsync(undefined) })}>
          <Trash2 className="size-4" aria-hidden /> {t`Empty the trash`}
        </Button>
      )}
      <Table headings={[t`Name`, t`Was in`, t`Size`, t`Deleted`, `-${t`Actions`}`]} testId="trash">
        {rows.map((row) => (
          <tr key={row.id} className={ROW}>
            <td className="px-4 py-2">
              <span className="flex min-w-48 items-center gap-3">
                <Thumbnail kind={row.kind} preview={null} mediaType={row.media_type} className="size-8" /> {row.name}
              </span>
            </td>
            <td className="px-4 py-2 text-muted">{row.parent || t`The project`}</td>
            <td className="px-4 py-2 whitespace-nowrap text-muted">{formatBytes(row.size_bytes)}</td>
            <td className="px-4 py-2 whitespace-nowrap text-muted">
              {formatAgo(row.trashed_at)}
              {row.trashed_by && t` by ${row.trashed_by}`}
            </td>
            <td className="px-4 py-2">
              {canEdit && (
                <span className="flex justify-end gap-2">
                  <Button onClick={() => void restore(row)} aria-label={t`Restore ${row.name}`}>
                    <RotateCcw className="size-4" aria-hidden /> {t`Restore`}
                  </Button>
                  <Button
                    look="danger"
                    aria-label={t`Delete ${row.name} for good`}
                    onClick={() => setAsked({ title: t`Delete ${row.name} for good?`, text: t`It can't be brought back.`, run: () => bulk.mutateAsync({ verb: "purge", ...ids(row) }) })}
                  >
                    <Trash2 className="size-4" aria-hidden />
                  </Button>
                </span>
              )}
            </td>
          </tr>
        ))}
      </Table>
      {trash.hasNextPage && <Button onClick={() => void trash.fetchNextPage()}>{t`Show more`}</Button>}
      {asked && (
        <Dialog title={asked.title} onClose={() => setAsked(null)}>
          <p className="text-sm text-muted">{asked.text}</p>
          <div className="flex justify-end gap-2">
            <Button look="quiet" onClick={() => setAsked(null)}>
              {t`Cancel`}
            </Button>
            <Button
              look="danger"
              onClick={() => {
                setAsked(null);
                asked.run().then(() => toast(t`Deleted for good`), complain);
              }}
            >
              {t`Delete for good`}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
