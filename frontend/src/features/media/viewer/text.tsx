"use client";

import { type ReactNode, useEffect, useMemo, useState } from "react";

import { LANGUAGE, t } from "@/lib/text";
import { Problem } from "@/lib/problem";
import { Button } from "@/ui/button";
import { SearchField } from "@/ui/search-field";
import { Failed, Loading } from "@/ui/states";
import { type FileInfo, type Spot, useText } from "./api";
import { Bytes } from "./bytes";
import { FileSearch } from "./file-search";
import { JsonTree } from "./json-tree";
import { isJson, isMarkdown, isTable } from "./kinds";
import { MarkdownText } from "./lazy";
import { DataTable } from "./table";
import { useLongList } from "./use-long-list";

const LINE_PX = 20;
const LARGEST_JSON = 2 << 20;
const LARGEST_MARKDOWN = 1 << 20;

/** Text of any size: as lines, as a table where it is one, as a tree where it is JSON. What is no text is shown as bytes. */
export function Text({ file }: { file: FileInfo }) {
  const [from, setFrom] = useState<(Spot & { encoding: string }) | null>(null);
  const text = useText(file.id, from);
  const [isRaw, setRaw] = useState(false);
  const pages = text.data?.pages;
  const whole = useMemo(() => pages?.map((page) => page.text).join("") ?? "", [pages]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = text;
  const more = () => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  };
  const isTree = isJson(file.name) && file.size_bytes <= LARGEST_JSON;
  const isMarked = isMarkdown(file.name) && file.size_bytes <= LARGEST_MARKDOWN;
  const wantsAll = (isTree || isMarked) && !isRaw;
  useEffect(() => {
    if (wantsAll && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [wantsAll, hasNextPage, isFetchingNextPage, fetchNextPage]);

  if (text.isPending) return <Loading />;
  if (text.isError) return text.error instanceof Problem && text.error.code === "text.not_text" ? <Bytes file={file} /> : <Failed error={text.error} onRetry={() => void text.refetch()} />;
  const first = pages?.[0];
  const better = isTable(file.name) ? "table" : isTree ? "tree" : isMarked ? "marked" : null;
  return (
    <>
      <div className="flex items-center gap-3 border-b border-line px-4 py-1.5 text-xs text-muted">
        {from && <Button look="quiet" onClick={() => setFrom(null)}>{t`Back to the first line`}</Button>}
        <span>{first?.is_guess ? t`${first.encoding}, guessed` : first?.encoding}</span>
        {better && (
          <label className="flex items-center gap-1.5">
            <input type="checkbox" checked={isRaw} onChange={(event) => setRaw(event.target.checked)} />
            {t`As plain text`}
          </label>
        )}
      </div>
      {better === "table" && !isRaw && <DataTable text={whole} name={file.name} isWhole={!hasNextPage} onEnd={more} />}
      {wantsAll && hasNextPage && <Loading />}
      {better === "tree" && !isRaw && !hasNextPage && <JsonTree text={whole} file={file} />}
      {better === "marked" && !isRaw && !hasNextPage && <MarkdownText text={whole} />}
      {(!better || isRaw) && (
        <Lines
          text={whole}
          isWhole={!hasNextPage}
          onEnd={more}
          before={from?.line}
          beyond={(wanted) => (from || hasNextPage) && first && <FileSearch file={file} encoding={first.encoding} wanted={wanted} onSpot={(spot) => setFrom({ ...spot, encoding: first.encoding })} />}
        />
      )}
    </>
  );
}

/** Numbers of the lines that have `wanted` in them; none for nothing. */
function* matching(lines: string[], wanted: string): Generator<number> {
  const low = wanted.toLowerCase();
  if (!low) return;
  for (const [index, line] of lines.entries()) if (line.toLowerCase().includes(low)) yield index;
}

type LinesProps = { text: string; isWhole: boolean; onEnd: () => void; before?: number | undefined; beyond?: (wanted: string) => ReactNode };

/** Lines, of which `before` are not there; `beyond` is what looks for words in more than these. */
export function Lines({ text, isWhole, onEnd, before = 0, beyond }: LinesProps) {
  const lines = useMemo(() => text.replace(/\r?\n$/, "").split(/\r?\n/), [text]);
  const [wanted, setWanted] = useState("");
  const { box, items, height, scrollTo } = useLongList(lines.length, LINE_PX, isWhole, onEnd);
  const hits = useMemo(() => new Set(matching(lines, wanted)), [lines, wanted]);
  useEffect(() => scrollTo(0), [before, scrollTo]);
  const go = (text: string) => {
    setWanted(text);
    const [found] = matching(lines, text);
    if (found !== undefined) scrollTo(found);
  };
  return (
    <>
      <div className="flex items-center gap-3 px-4 py-2 text-xs text-muted">
        <SearchField label={t`Find in what is loaded`} value={wanted} onValue={go} className="w-56" />
        {wanted && <span role="status">{hits.size === 1 ? t`1 line` : t`${hits.size.toLocaleString(LANGUAGE)} lines`}</span>}
      </div>
      {wanted && beyond?.(wanted)}
      <div ref={box} data-scrolls tabIndex={0} role="region" aria-label={t`Text`} className="min-h-0 flex-1 overflow-auto font-mono text-xs" data-testid="text">
        <div style={{ height }} className="relative">
          {items.map((item) => (
            <div key={item.key} style={{ transform: `translateY(${item.start}px)`, height: LINE_PX }} className={`absolute top-0 left-0 flex min-w-full leading-5 whitespace-pre ${hits.has(item.index) ? "bg-accent/20" : ""}`}>
              <span className="sticky left-0 w-16 shrink-0 bg-surface pr-3 text-right text-muted select-none">{before + item.index + 1}</span>
              {lines[item.index]}
            </div>
          ))}
        </div>
      </div>
    </>
  );
}
