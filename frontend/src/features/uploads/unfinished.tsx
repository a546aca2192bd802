"use client";

import { CloudUpload, Play, Trash2 } from "lucide-react";
import { type ChangeEvent, useRef } from "react";
import { toast } from "@/lib/toast";

import { formatAgo, formatBytes } from "@/lib/format";
import { t } from "@/lib/text";
import { IconButton } from "@/ui/button";
import { Progress } from "@/ui/progress";
import { type UnfinishedUpload, useDiscard, useRemembered, useUnfinished } from "./api";
import { queue, useUploads } from "./store";

/** The file behind a handle, if the person lets this page read it again. */
async function fileOf(handle: FileSystemFileHandle): Promise<File | null> {
  const asking = handle as FileSystemFileHandle & { requestPermission?: (options: { mode: "read" }) => Promise<PermissionState> };
  if (asking.requestPermission && (await asking.requestPermission({ mode: "read" })) !== "granted") return null;
  return handle.getFile();
}

const pathOf = (upload: UnfinishedUpload) => new URL(upload.url).pathname;

function Row({ upload, handle }: { upload: UnfinishedUpload; handle: FileSystemFileHandle | null }) {
  const chooser = useRef<HTMLInputElement>(null);
  const discard = useDiscard();
  const length = upload.length_bytes ?? 0;
  const isDirect = upload.protocol === "s3";
  const goOn = (file: File) => {
    if (upload.length_bytes !== null && file.size !== upload.length_bytes) {
      toast.error(t`That is another file: ${upload.name} has ${formatBytes(length)}.`);
      return;
    }
    const target = { projectId: upload.project_id, folderId: upload.folder_id };
    queue.resumeExisting({ file, path: file.name, handle }, target, { url: pathOf(upload), isDirect });
  };
  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    event.target.value = "";
    if (file) goOn(file);
  };
  const start = async () => {
    const file = handle ? await fileOf(handle).catch(() => null) : null;
    if (file) goOn(file);
    else chooser.current?.click();
  };
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <CloudUpload className="size-5 shrink-0 text-muted" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm">{upload.name}</p>
        <p className="mb-1 text-xs text-muted">
          {t`${isDirect ? formatBytes(length) : t`${formatBytes(upload.offset_bytes)} of ${length ? formatBytes(length) : t`unknown`}`} · begun ${formatAgo(upload.created_at)}`}
        </p>
        {!isDirect && <Progress value={length ? upload.offset_bytes / length : 0} label={t`Progress of ${upload.name}`} />}
      </div>
      <input ref={chooser} type="file" hidden onChange={choose} aria-label={t`Choose ${upload.name} again`} />
      <IconButton label={t`Go on with ${upload.name}`} onClick={() => void start()}>
        <Play className="size-4" />
      </IconButton>
      <IconButton label={t`Discard ${upload.name}`} onClick={() => discard.mutate(upload.id)}>
        <Trash2 className="size-4" />
      </IconButton>
    </li>
  );
}

/** Uploads the server still waits for and this page is not sending: pick the file again to go on, on any machine. */
export function UnfinishedUploads() {
  const unfinished = useUnfinished();
  const remembered = useRemembered().data;
  // Looks again whenever the queue moves.
  useUploads((state) => state.summary.version);
  const waiting = unfinished.data?.filter((upload) => !queue.isAt(pathOf(upload))) ?? [];
  if (waiting.length === 0) return null;
  return (
    <section aria-label={t`Your unfinished uploads`} className="rounded-xl border border-line bg-panel">
      <h2 className="border-b border-line px-4 py-3 text-sm font-semibold">{t`Your unfinished uploads`}</h2>
      <ul className="divide-y divide-line">
        {waiting.map((upload) => (
          <Row key={upload.id} upload={upload} handle={remembered?.get(pathOf(upload))?.handle ?? null} />
        ))}
      </ul>
    </section>
  );
}
