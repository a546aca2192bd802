"use client";

import { CloudUpload, Play, Trash2 } from "lucide-react";
import { type ChangeEvent, useRef } from "react";
import { toast } from "sonner";

import { formatAgo, formatBytes } from "@/lib/format";
import { IconButton } from "@/ui/button";
import { Progress } from "@/ui/progress";
import { type UnfinishedUpload, useDiscard, useUnfinished } from "./api";
import { queue, useUploads } from "./store";

function Row({ upload }: { upload: UnfinishedUpload }) {
  const chooser = useRef<HTMLInputElement>(null);
  const discard = useDiscard();
  const length = upload.length_bytes ?? 0;
  const resume = (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    event.target.value = "";
    if (!file) return;
    if (upload.length_bytes !== null && file.size !== upload.length_bytes) {
      toast.error(`That is another file: ${upload.name} has ${formatBytes(length)}.`);
      return;
    }
    queue.add([file], { projectId: upload.project_id, folderId: upload.folder_id }, new URL(upload.url).pathname);
  };
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <CloudUpload className="size-5 shrink-0 text-muted" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm">{upload.name}</p>
        <p className="mb-1 text-xs text-muted">
          {formatBytes(upload.offset_bytes)} of {length ? formatBytes(length) : "unknown"} · begun {formatAgo(upload.created_at)}
        </p>
        <Progress value={length ? upload.offset_bytes / length : 0} label={`Progress of ${upload.name}`} />
      </div>
      <input ref={chooser} type="file" hidden onChange={resume} aria-label={`Choose ${upload.name} again`} />
      <IconButton label={`Go on with ${upload.name}`} onClick={() => chooser.current?.click()}>
        <Play className="size-4" />
      </IconButton>
      <IconButton label={`Discard ${upload.name}`} onClick={() => discard.mutate(upload.id)}>
        <Trash2 className="size-4" />
      </IconButton>
    </li>
  );
}

/** Uploads the server still waits for and this page is not sending: pick the file again to go on, on any machine. */
export function UnfinishedUploads() {
  const unfinished = useUnfinished();
  const items = useUploads((state) => state.items);
  const active = new Set(items.filter((item) => item.state !== "done").map((item) => `${item.name}:${item.size}`));
  const waiting = unfinished.data?.items.filter((upload) => !active.has(`${upload.name}:${upload.length_bytes}`)) ?? [];
  if (waiting.length === 0) return null;
  return (
    <section aria-label="Your unfinished uploads" className="rounded-xl border border-line bg-panel">
      <h2 className="border-b border-line px-4 py-3 text-sm font-semibold">Your unfinished uploads</h2>
      <ul className="divide-y divide-line">
        {waiting.map((upload) => (
          <Row key={upload.id} upload={upload} />
        ))}
      </ul>
    </section>
  );
}
