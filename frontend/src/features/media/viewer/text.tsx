"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";

import { LANGUAGE, t } from "@/lib/text";
import { Problem } from "@/lib/problem";
import { SearchField } from "@/ui/search-field";
import { Failed, Loading } from "@/ui/states";
import { type FileInfo, useText } from "./api";
import { Bytes } from "./bytes";
import { JsonTree } from "./json-tree";
import { isJson, isTable } from "./kinds";
import { DataTable } from "./table";

const LINE_PX = 20;
const AHEAD = 100;
const LARGEST_JSON = 2 << 20;

/** Text of any size: as lines, as a table where it is one, as a tree where it is JSON. What is no text is shown as bytes. */
export function Text({ file }: { file: FileInfo }) {
  const text = useText(file.id);
  const [isRaw, setRaw] = useState(false);
  const pages = text.data?.pages;
  const whole = useMemo(() => pages?.map((page) => page.text).join("") ?? "", [pages]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = text;
  const more = () => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  };
  const wantsAll = isJson(file.name) && file.size_bytes <= LARGEST_JSON && !isRaw;
  useEffect(() => {
    if (wantsAll && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [wantsAll, hasNextPage, isFetchingNextPage, fetchNextPage]);

  if (text.isPending) return <Loading />;
  if (text.isError) return text.error instanceof Problem && text.error.code === "text.not_text" ? <Bytes file={file} /> : <Failed error={text.error} onRetry={() => void text.refetch()} />;
  const first = pages?.[0];
  const better = isTable(file.name) ? "table" : wantsAll || (isJson(file.name) && file.size_bytes <= LARGEST_JSON) ? "tree" : null;
  return (
    <>
      <div className="flex items-center gap-3 border-b border-line px-4 py-1.5 text-xs text-muted">
        <span>{first?.is_guess ? t`${first.encoding}, guessed` : first?.encoding}</span>
        {better && (
          <label className="flex items-center gap-1.5">
            <input type="checkbox" checked={isRaw} onChange={(event) => setRaw(event.target.checked)} />
            {t`As plain text`}
          </label>
        )}
      </div>
      {better === "table" && !isRaw && <DataTable text={whole} name={file.name} isWhole={!hasNextPage} onEnd={more} />}
      {better === "tree" && !isRaw && (hasNextPage ? <Loading /> : <JsonTree text={whole} />)}
      {(!better || isRaw) && <Lines text={whole} isWhole={!hasNextPage} onEnd={more} />}
    </>
  );
}

export function Lines({ text, isWhole, onEnd }: { text: string; isWhole: boolean; onEnd: () => void }) {
  const lines = useMemo(() => text.replace(/\r?\n$/, "").split(/\r?\n/), [text]);
  const box = useRef<HTMLDivElement>(null);
  const [wanted, setWanted] = useState("");
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => LINE_PX, overscan: 20 });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (!isWhole && last > lines.length - AHEAD) onEnd();
  }, [isWhole, last, lines.length, onEnd]);
  const matches = useMemo(() => {
    const low = wanted.toLowerCase();
    return low ? lines.flatMap((line, index) => (line.toLowerCase().includes(low) ? [index] : [])) : [];
  }, [lines, wanted]);
  const go = (text: string) => {
    setWanted(text);
    const low = text.toLowerCase();
    const found = low ? lines.findIndex((line) => line.toLowerCase().includes(low)) : -1;
    if (found >= 0) virtual.scrollToIndex(found, { align: "center" });
  };
  const hits = new Set(matches);
  return (
    <>
      <div className="flex items-center gap-3 px-4 py-2 text-xs text-muted">
        <SearchField label={t`Find in what is loaded`} value={wanted} onValue={go} className="w-56" />
        {wanted && <span role="status">{matches.length === 1 ? t`1 line` : t`${matches.length.toLocaleString(LANGUAGE)} lines`}</span>}
      </div>
      <div ref={box} data-scrolls tabIndex={0} role="region" aria-label={t`Text`} className="min-h-0 flex-1 overflow-auto font-mono text-xs" data-testid="text">
        <div style={{ height: virtual.getTotalSize() }} className="relative">
          {items.map((item) => (
            <div key={item.key} style={{ transform: `translateY(${item.start}px)`, height: LINE_PX }} className={`absolute top-0 left-0 flex min-w-full leading-5 whitespace-pre ${hits.has(item.index) ? "bg-accent/20" : ""}`}>
              <span className="sticky left-0 w-16 shrink-0 bg-surface pr-3 text-right text-muted select-none">{item.index + 1}</span>
              {lines[item.index]}
            </div>
          ))}
        </div>
      </div>
    </>
  );
}
