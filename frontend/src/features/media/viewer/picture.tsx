"use client";

import { Minus, Plus } from "lucide-react";
import { type KeyboardEvent, type WheelEvent, useState } from "react";

import { t } from "@/lib/text";
import { IconButton } from "@/ui/button";
import { Failed, Loading } from "@/ui/states";
import { type FileInfo, useDerivatives } from "./api";
import { colourOf, namesOf, Overlay, useLabels } from "./labels";

const STEP = 1.5;
const MOST = 8;
const LEGEND = 12;

/** A picture that fits the window, closer by wheel, keys and click; then it is moved by scrolling. */
export function Picture({ file }: { file: FileInfo }) {
  const derivatives = useDerivatives(file.id);
  const labels = useLabels(file);
  const [isLabelled, setLabelled] = useState(true);
  const [zoom, setZoom] = useState(1);
  if (derivatives.isPending) return <Loading />;
  if (derivatives.isError) return <Failed error={derivatives.error} onRetry={() => void derivatives.refetch()} />;
  const urls = derivatives.data.items.find((item) => item.kind === "thumbnail")?.urls ?? {};
  const largest = Object.keys(urls).sort((one, other) => Number(other) - Number(one))[0];
  const source = (largest && urls[largest]) ?? file.preview.thumbnail_url;
  if (!source) return <Loading label={t`Making previews`} />;
  const change = (factor: number) => setZoom((now) => Math.min(MOST, Math.max(1, now * factor)));
  const onWheel = (event: WheelEvent) => event.ctrlKey && change(event.deltaY < 0 ? STEP : 1 / STEP);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "+" || event.key === "=") change(STEP);
    else if (event.key === "-") change(1 / STEP);
    else if (event.key === "0") setZoom(1);
  };
  return (
    <div className="relative min-h-0 flex-1" onKeyDown={onKeyDown}>
      <div className="flex h-full overflow-auto bg-sunken" onWheel={onWheel} {...(zoom > 1 ? { "data-scrolls": true, tabIndex: 0, role: "region", "aria-label": t`Picture` } : {})}>
        <div style={{ width: `${zoom * 100}%`, height: `${zoom * 100}%` }} className="relative m-auto shrink-0">
          {/* eslint-disable-next-line @next/next/no-img-element -- presigned, and already of the right size */}
          <img src={source} alt={file.name} onClick={() => setZoom(zoom === 1 ? 2 : 1)} className={`size-full object-contain ${zoom === 1 ? "cursor-zoom-in" : "cursor-zoom-out"}`} />
          {labels && isLabelled && <Overlay labels={labels} />}
        </div>
      </div>
      {labels && (
        <div className="absolute bottom-4 left-4 flex max-w-72 flex-col gap-1 rounded-lg border border-line bg-panel px-3 py-2 text-xs">
          <label className="flex items-center gap-1.5">
            <input type="checkbox" checked={isLabelled} onChange={(event) => setLabelled(event.target.checked)} />
            {t`${labels.shapes.length} labels`}
          </label>
          {isLabelled &&
            namesOf(labels).slice(0, LEGEND).map((name, index) => (
              <span key={name} className="flex items-center gap-1.5 truncate">
                <span className="size-2.5 shrink-0 rounded-full" style={{ background: colourOf(index) }} aria-hidden /> {name}
              </span>
            ))}
        </div>
      )}
      <div className="absolute right-4 bottom-4 flex items-center gap-1 rounded-lg border border-line bg-panel p-1 text-xs">
        <IconButton label={t`Smaller`} onClick={() => change(1 / STEP)} disabled={zoom === 1}>
          <Minus className="size-4" />
        </IconButton>
        <span className="w-12 text-center tabular-nums">{Math.round(zoom * 100)} %</span>
        <IconButton label={t`Larger`} onClick={() => change(STEP)} disabled={zoom === MOST}>
          <Plus className="size-4" />
        </IconButton>
      </div>
    </div>
  );
}
