"use client";

import { Check, ChevronDown, ChevronUp, Pause, Play, RotateCcw, X } from "lucide-react";
import { useState } from "react";

import { formatBytes, formatLeft } from "@/lib/format";
import { IconButton } from "@/ui/button";
import { Progress } from "@/ui/progress";
import type { Item } from "./engine/queue";
import { queue, useUploads } from "./store";

function describe(item: Item): string {
  const share = `${formatBytes(item.sent)} of ${formatBytes(item.size)}`;
  if (item.state === "done") return formatBytes(item.size);
  if (item.state === "failed") return item.error ?? "Failed";
  if (item.state === "paused") return `Paused · ${share}`;
  if (item.state === "waiting") return "Waiting";
  if (!item.speed) return share;
  return `${share} · ${formatBytes(item.speed)}/s · ${formatLeft((item.size - item.sent) / item.speed)}`;
}

function Actions({ item }: { item: Item }) {
  return (
    <div className="flex shrink-0 items-center">
      {item.state === "done" && <Check className="mx-2 size-4 text-good" aria-label="Done" />}
      {(item.state === "uploading" || item.state === "waiting") && (
        <IconButton label={`Pause ${item.name}`} onClick={() => queue.pause(item.id)}>
          <Pause className="size-4" />
        </IconButton>
      )}
      {item.state === "paused" && (
        <IconButton label={`Resume ${item.name}`} onClick={() => queue.resume(item.id)}>
          <Play className="size-4" />
        </IconButton>
      )}
      {item.state === "failed" && (
        <IconButton label={`Retry ${item.name}`} onClick={() => queue.resume(item.id)}>
          <RotateCcw className="size-4" />
        </IconButton>
      )}
      {item.state !== "done" && (
        <IconButton label={`Cancel ${item.name}`} onClick={() => queue.cancel(item.id)}>
          <X className="size-4" />
        </IconButton>
      )}
    </div>
  );
}

function Row({ item }: { item: Item }) {
  return (
    <li className="flex items-center gap-2 px-4 py-2.5" data-state={item.state}>
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm">{item.name}</p>
        <p className={`mb-1 truncate text-xs ${item.state === "failed" ? "text-bad" : "text-muted"}`}>{describe(item)}</p>
        {item.state !== "done" && <Progress value={item.size ? item.sent / item.size : 0} label={`Upload of ${item.name}`} tone={item.state === "failed" ? "bad" : "accent"} />}
      </div>
      <Actions item={item} />
    </li>
  );
}

/** What is being sent, on every page. */
export function UploadTray() {
  const items = useUploads((state) => state.items);
  const [isOpen, setOpen] = useState(true);
  if (items.length === 0) return null;
  const busy = items.filter((item) => item.state === "uploading" || item.state === "waiting").length;
  return (
    <aside aria-label="Uploads" className="fixed inset-x-3 bottom-3 z-40 overflow-hidden rounded-xl border border-line bg-panel shadow-xl sm:left-auto sm:w-96">
      <header className="flex items-center gap-1 border-b border-line py-1.5 pr-1.5 pl-4">
        <p className="flex-1 text-sm font-medium">{busy ? `Uploading ${busy} of ${items.length}` : `${items.length} upload${items.length === 1 ? "" : "s"}`}</p>
        {!busy && (
          <button type="button" className="rounded px-2 py-1 text-xs text-muted hover:text-text" onClick={() => queue.clearFinished()}>
            Clear finished
          </button>
        )}
        <IconButton label={isOpen ? "Collapse" : "Expand"} onClick={() => setOpen(!isOpen)}>
          {isOpen ? <ChevronDown className="size-4" /> : <ChevronUp className="size-4" />}
        </IconButton>
      </header>
      {isOpen && (
        <ul className="max-h-80 divide-y divide-line overflow-y-auto">
          {items.map((item) => (
            <Row key={item.id} item={item} />
          ))}
        </ul>
      )}
    </aside>
  );
}
