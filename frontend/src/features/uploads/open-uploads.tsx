"use client";

import { Ban, CloudUpload } from "lucide-react";
import { toast } from "@/lib/toast";

import { formatBytes, formatClock } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button, IconButton } from "@/ui/button";
import { Progress } from "@/ui/progress";
import { Empty, Failed, Loading } from "@/ui/states";
import { ROW, Table } from "@/ui/table";
import { type OpenUpload, useAbort, useOpenUploads } from "./api";

const HEADINGS = [t`File`, t`Who`, t`How far`, t`Rate`, t`Node`, t`Age`, t`Untouched`, `-${t`End`}`];

function Row({ upload }: { upload: OpenUpload }) {
  const abort = useAbort();
  const end = () => {
    if (window.confirm(t`End the upload of ${upload.name} by ${upload.username}? Its bytes are deleted.`)) {
      abort.mutate(upload.id, { onError: (error) => toast.error(messageOf(error)) });
    }
  };
  const length = upload.length_bytes;
  return (
    <tr className={ROW}>
      <td className="max-w-64 px-4 py-2.5">
        <p className="truncate text-sm" title={upload.name}>
          {upload.name}
        </p>
        <p className="truncate text-xs text-muted">
          {upload.project} · {upload.protocol} · {upload.state.toLowerCase()}
        </p>
      </td>
      <td className="px-4 text-sm">{upload.username}</td>
      <td className="min-w-36 px-4 text-xs text-muted">
        {t`${upload.protocol === "s3" ? t`in the store` : formatBytes(upload.offset_bytes)} of ${length === null ? t`unknown` : formatBytes(length)}`}
        {length !== null && upload.protocol !== "s3" && <Progress value={length ? upload.offset_bytes / length : 1} label={t`Progress of ${upload.name}`} />}
      </td>
      <td className="px-4 text-sm whitespace-nowrap">{upload.is_receiving ? `${formatBytes(upload.bytes_per_s)}/s` : "–"}</td>
      <td className="px-4 text-sm">{upload.holder ?? "–"}</td>
      <td className="px-4 text-sm whitespace-nowrap">{formatClock(upload.age_s)}</td>
      <td className="px-4 text-sm whitespace-nowrap">{formatClock(upload.untouched_s)}</td>
      <td className="px-2 text-right">
        <IconButton label={t`End the upload of ${upload.name}`} onClick={end} disabled={abort.isPending}>
          <Ban className="size-4" />
        </IconButton>
      </td>
    </tr>
  );
}

/** Everybody's unfinished uploads, for administrators. */
export function OpenUploads() {
  const open = useOpenUploads();
  if (open.isPending) return <Loading label={t`Looking for uploads`} />;
  if (open.isError) return <Failed error={open.error} onRetry={() => void open.refetch()} />;
  const uploads = open.data.pages.flatMap((page) => page.items);
  if (uploads.length === 0) {
    return (
      <Empty icon={<CloudUpload className="size-10" />} title={t`No open uploads`}>
        {t`Whatever is being uploaded, or was begun and not finished, is listed here.`}
      </Empty>
    );
  }
  return (
    <div className="flex flex-col items-center gap-4">
      <Table headings={HEADINGS} testId="open-uploads">
        {uploads.map((upload) => (
          <Row key={upload.id} upload={upload} />
        ))}
      </Table>
      {open.hasNextPage && (
        <Button onClick={() => void open.fetchNextPage()} disabled={open.isFetchingNextPage}>
          {t`Show more`}
        </Button>
      )}
    </div>
  );
}
