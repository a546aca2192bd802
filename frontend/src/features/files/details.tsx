"use client";

import { Download, Play, Trash2, X } from "lucide-react";
import Link from "next/link";
import { toast } from "sonner";

import { formatAgo, formatBytes, formatClock } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { Button, IconButton } from "@/ui/button";
import { Failed, Loading } from "@/ui/states";
import { download, type FileInfo, useFile, useRestoreFile, useTrashFile } from "./api";
import { Thumbnail } from "./thumbnail";

function facts(file: FileInfo): [string, string][] {
  const { preview } = file;
  const rows: [string, string | null][] = [
    ["Size", formatBytes(file.size_bytes)],
    ["Type", file.media_type ?? file.claimed_type ?? null],
    ["Picture", preview.width && preview.height ? `${preview.width} × ${preview.height}` : null],
    ["Length", preview.duration_s ? formatClock(preview.duration_s) : null],
    ["Version", String(file.version_no)],
    ["SHA-256", file.sha256],
    ["Added", `${formatAgo(file.created_at)}${file.created_by ? ` by ${file.created_by}` : ""}`],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== null);
}

function Actions({ file, onClose }: { file: FileInfo; onClose: () => void }) {
  const trash = useTrashFile();
  const restore = useRestoreFile();
  const remove = () =>
    trash.mutate(file.id, {
      onSuccess: () => {
        onClose();
        toast(`${file.name} is in the trash`, { action: { label: "Undo", onClick: () => restore.mutate(file.id) } });
      },
      onError: (error) => toast.error(messageOf(error)),
    });
  return (
    <div className="flex flex-wrap gap-2">
      {(file.preview.kind === "video" || file.preview.kind === "audio") && file.preview.state !== "failed" && (
        <Link href={`/watch/?file=${file.id}`} className="inline-flex h-9 items-center gap-2 rounded-lg bg-accent px-3 text-sm font-medium text-on-accent hover:bg-accent-strong">
          <Play className="size-4" aria-hidden /> Play
        </Link>
      )}
      <Button onClick={() => void download(file.id).catch((error: unknown) => toast.error(messageOf(error)))}>
        <Download className="size-4" aria-hidden /> Download
      </Button>
      <Button look="danger" onClick={remove} disabled={trash.isPending}>
        <Trash2 className="size-4" aria-hidden /> Delete
      </Button>
    </div>
  );
}

export function Details({ id, onClose }: { id: string; onClose: () => void }) {
  const file = useFile(id);
  return (
    <aside aria-label="Details" className="flex w-full shrink-0 flex-col gap-4 overflow-y-auto border-line bg-panel p-5 max-lg:fixed max-lg:inset-0 max-lg:z-30 lg:w-80 lg:border-l">
      <header className="flex items-start gap-2">
        <h2 className="min-w-0 flex-1 font-semibold break-words">{file.data?.name ?? "Details"}</h2>
        <IconButton label="Close details" onClick={onClose}>
          <X className="size-4" />
        </IconButton>
      </header>
      {file.isPending && <Loading />}
      {file.isError && <Failed error={file.error} />}
      {file.data && (
        <>
          <Thumbnail kind="file" preview={file.data.preview} mediaType={file.data.media_type} className="aspect-video w-full" />
          {file.data.preview.reason && (
            <p role="alert" className="rounded-lg border border-line bg-sunken p-3 text-sm text-bad">
              {file.data.preview.reason}
            </p>
          )}
          {file.data.is_corrupt && (
            <p role="alert" className="rounded-lg border border-line bg-sunken p-3 text-sm text-bad">
              This is not what its uploader&apos;s checksum says it should be. Only the uploader can open it; please upload it again.
            </p>
          )}
          <Actions file={file.data} onClose={onClose} />
          <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 text-sm">
            {facts(file.data).map(([name, value]) => (
              <div key={name} className="contents">
                <dt className="text-muted">{name}</dt>
                <dd className="break-all">{value}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </aside>
  );
}
