"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Check, ChevronDown, ChevronUp, Pause, Play, RotateCcw, WifiOff, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { formatBytes, formatLeft } from "@/lib/format";
import { LANGUAGE, t } from "@/lib/text";
import { IconButton } from "@/ui/button";
import { Progress } from "@/ui/progress";
import { ConflictQuestion } from "./conflict-question";
import type { Item, Summary } from "./engine/types";
import { queue, useUploads } from "./store";

const ROW_HEIGHT = 62;
/** In bytes per second: what people know from their lines. */
const LIMITS = [125_000, 625_000, 1_250_000, 6_250_000, 12_500_000];

function describe(item: Item): string {
  const share = t`${formatBytes(item.sent)} of ${formatBytes(item.size)}`;
  if (item.state === "done") return formatBytes(item.size);
  if (item.state === "failed") return item.error ?? t`Failed`;
  if (item.state === "paused") return t`Paused · ${share}`;
  if (item.state === "waiting") return t`Waiting`;
  if (!item.speed) return share;
  return `${share} · ${formatBytes(item.speed)}/s · ${formatLeft((item.size - item.sent) / item.speed)}`;
}

function Actions({ item }: { item: Item }) {
  return (
    <div className="flex shrink-0 items-center">
      {item.state === "done" && <Check className="mx-2 size-4 text-good" aria-label={t`Done`} />}
      {(item.state === "uploading" || item.state === "waiting") && (
        <IconButton label={t`Pause ${item.name}`} onClick={() => queue.pause(item.id)}>
          <Pause className="size-4" />
        </IconButton>
      )}
      {item.state === "paused" && (
        <IconButton label={t`Resume ${item.name}`} onClick={() => queue.resume(item.id)}>
          <Play className="size-4" />
        </IconButton>
      )}
      {item.state === "failed" && (
        <IconButton label={t`Retry ${item.name}`} onClick={() => queue.resume(item.id)}>
          <RotateCcw className="size-4" />
        </IconButton>
      )}
      {item.state !== "done" && (
        <IconButton label={t`Cancel ${item.name}`} onClick={() => queue.cancel(item.id)}>
          <X className="size-4" />
        </IconButton>
      )}
    </div>
  );
}

function Row({ item, top }: { item: Item; top: number }) {
  return (
    <li className="absolute inset-x-0 flex items-center gap-2 border-b border-line px-4" data-state={item.state} style={{ top, height: ROW_HEIGHT }}>
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm" title={item.folder ? `${item.folder}/${item.name}` : item.name}>
          {item.folder && <span className="text-muted">{item.folder}/</span>}
          {item.name}
        </p>
        <p className={`mb-1 truncate text-xs ${item.state === "failed" ? "text-bad" : "text-muted"}`}>{describe(item)}</p>
        {item.state !== "done" && <Progress value={item.size ? item.sent / item.size : 0} label={t`Upload of ${item.name}`} tone={item.state === "failed" ? "bad" : "accent"} />}
      </div>
      <Actions item={item} />
    </li>
  );
}

function Rows({ version }: { version: number }) {
  const frame = useRef<HTMLDivElement>(null);
  const items = queue.items();
  const rows = useVirtualizer({ count: items.length, getScrollElement: () => frame.current, estimateSize: () => ROW_HEIGHT, overscan: 4 });
  return (
    <div ref={frame} className="max-h-80 overflow-y-auto" data-version={version}>
      <ul className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const item = items[index];
          return item && <Row key={item.id} item={item} top={start} />;
        })}
      </ul>
    </div>
  );
}

function headline({ busy, total, failed, done, paused, isOffline }: Summary): string {
  if (isOffline) return t`Offline: goes on by itself`;
  if (busy) return t`Uploading ${done.toLocaleString(LANGUAGE)} of ${total.toLocaleString(LANGUAGE)}`;
  if (paused) return t`${paused.toLocaleString(LANGUAGE)} paused`;
  if (failed) return t`${failed.toLocaleString(LANGUAGE)} failed`;
  return total === 1 ? t`1 upload done` : t`${total.toLocaleString(LANGUAGE)} uploads done`;
}

function details({ sentBytes, bytes, speed, failed, skipped, busy }: Summary): string {
  const parts = [t`${formatBytes(sentBytes)} of ${formatBytes(bytes)}`];
  if (speed) parts.push(`${formatBytes(speed)}/s`, formatLeft((bytes - sentBytes) / speed));
  if (failed && busy) parts.push(t`${failed} failed`);
  if (skipped) parts.push(t`${skipped.toLocaleString(LANGUAGE)} skipped`);
  return parts.join(" · ");
}

function Limit() {
  const limit = useUploads((state) => state.limit);
  const setLimit = useUploads((state) => state.setLimit);
  return (
    <label className="flex items-center gap-2 text-xs text-muted">
      {t`Limit`}
      <select value={limit ?? ""} onChange={(event) => setLimit(Number(event.target.value) || null)} className="rounded border border-line bg-panel px-1 py-0.5" aria-label={t`Bandwidth limit`}>
        <option value="">{t`none`}</option>
        {LIMITS.map((bytes) => (
          <option key={bytes} value={bytes}>
            {t`${(bytes * 8) / 1e6} Mbit/s`}
          </option>
        ))}
      </select>
    </label>
  );
}

function Reading({ files }: { files: number }) {
  return (
    <aside aria-label={t`Reading folder`} className="fixed inset-x-3 bottom-3 z-40 rounded-xl border border-line bg-panel px-4 py-3 text-sm shadow-xl sm:left-auto sm:w-104">
      {t`Reading the folder · ${files.toLocaleString(LANGUAGE)} files found`}
    </aside>
  );
}

const REFRESH_EVERY_MS = 2_000;

/** When uploads end, whatever lists files looks again: soon, but not a hundred times a second. */
function useRefreshAfterUploads() {
  const client = useQueryClient();
  const done = useUploads((state) => state.summary.done);
  const lastAt = useRef(0);
  useEffect(() => {
    if (done === 0) return;
    const wait = Math.max(0, lastAt.current + REFRESH_EVERY_MS - Date.now());
    const timer = setTimeout(() => {
      lastAt.current = Date.now();
      for (const key of ["entries", "recent", "uploads", "me"]) void client.invalidateQueries({ queryKey: [key] });
    }, wait);
    return () => clearTimeout(timer);
  }, [done, client]);
}

/** What is being sent: in all, and file by file. */
export function TrayPanel() {
  useRefreshAfterUploads();
  const summary = useUploads((state) => state.summary);
  const reading = useUploads((state) => state.reading);
  const [isOpen, setOpen] = useState(true);
  if (reading !== null) return <Reading files={reading} />;
  if (summary.total + summary.skipped === 0) return <ConflictQuestion />;
  const { busy, failed, paused, bytes, sentBytes, version } = summary;
  return (
    <>
      <ConflictQuestion />
      <aside aria-label={t`Uploads`} className="fixed inset-x-3 bottom-3 z-40 overflow-hidden rounded-xl border border-line bg-panel shadow-xl sm:left-auto sm:w-104">
        <header className="border-b border-line py-1.5 pr-1.5 pl-4">
          <div className="flex items-center gap-1">
            {summary.isOffline && <WifiOff className="mr-1 size-4 text-warn" aria-hidden />}
            <p className="flex-1 text-sm font-medium" aria-live="polite">
              {headline(summary)}
            </p>
            {busy > 0 && (
              <IconButton label={t`Pause all`} onClick={() => queue.pauseAll()}>
                <Pause className="size-4" />
              </IconButton>
            )}
            {(paused > 0 || failed > 0) && (
              <IconButton label={t`Resume all`} onClick={() => queue.resumeAll()}>
                <Play className="size-4" />
              </IconButton>
            )}
            {busy === 0 && (
              <button type="button" className="rounded px-2 py-1 text-xs text-muted hover:text-text" onClick={() => queue.clearFinished()}>
                {t`Clear finished`}
              </button>
            )}
            <IconButton label={isOpen ? t`Collapse` : t`Expand`} onClick={() => setOpen(!isOpen)}>
              {isOpen ? <ChevronDown className="size-4" /> : <ChevronUp className="size-4" />}
            </IconButton>
          </div>
          <div className="flex items-center justify-between gap-3 pr-2.5 pb-1.5">
            <p className="truncate text-xs text-muted">{details(summary)}</p>
            <Limit />
          </div>
          {busy > 0 && (
            <div className="pr-2.5 pb-1.5">
              <Progress value={bytes ? sentBytes / bytes : 0} label={t`All uploads`} />
            </div>
          )}
        </header>
        {isOpen && <Rows version={version} />}
      </aside>
    </>
  );
}
