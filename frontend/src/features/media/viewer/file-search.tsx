"use client";

import { useEffect, useState } from "react";

import { LANGUAGE, t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Failed } from "@/ui/states";
import { type FileInfo, type Spot, useTextMatches } from "./api";

const ENOUGH = 200;

type Props = { file: FileInfo; encoding: string; wanted: string; onSpot: (spot: Spot) => void };

/** Looks for words in all of a file, of which only a part is loaded: when told to, and no further than enough places. */
export function FileSearch(props: Props) {
  const [asked, setAsked] = useState<string | null>(null);
  if (asked === props.wanted) return <Places {...props} />;
  return (
    <div className="px-4 pb-2">
      <Button onClick={() => setAsked(props.wanted)}>{t`Search the whole file`}</Button>
    </div>
  );
}

function Places({ file, encoding, wanted, onSpot }: Props) {
  const [most, setMost] = useState(ENOUGH);
  const search = useTextMatches(file.id, encoding, wanted);
  const { hasNextPage, isFetching, isError, fetchNextPage } = search;
  const parts = search.data?.pages ?? [];
  const found = parts.flatMap((part, index) => {
    const before = parts.slice(0, index).reduce((sum, one) => sum + one.lines, 0);
    return part.items.map((item) => ({ ...item, line: before + item.line }));
  });
  const goesOn = hasNextPage && found.length < most;
  useEffect(() => {
    if (goesOn && !isFetching && !isError) void fetchNextPage();
  }, [goesOn, isFetching, isError, fetchNextPage]);
  if (isError) return <Failed error={search.error} onRetry={() => void fetchNextPage()} />;
  const reached = parts.at(-1)?.next_offset ?? (parts.length > 0 ? file.size_bytes : 0);
  const percent = Math.floor((100 * reached) / Math.max(1, file.size_bytes));
  const count = found.length === 1 ? t`1 line` : t`${found.length.toLocaleString(LANGUAGE)} lines`;
  return (
    <div className="border-b border-line px-4 pb-2 text-xs">
      <p className="flex items-center gap-3 text-muted" role="status">
        {hasNextPage || parts.length === 0 ? t`${count} in the first ${percent} % of the file` : t`${count} in the whole file`}
        {hasNextPage && !goesOn && !isFetching && <Button look="quiet" onClick={() => setMost(found.length + ENOUGH)}>{t`Search on`}</Button>}
        {goesOn && <Button look="quiet" onClick={() => setMost(0)}>{t`Stop`}</Button>}
      </p>
      {found.length > 0 && (
        <ol data-scrolls tabIndex={0} aria-label={t`Places found`} className="mt-1 flex max-h-40 flex-col overflow-auto font-mono" data-testid="text-places">
          {found.map((one) => (
            <li key={one.offset}>
              <button type="button" onClick={() => onSpot(one)} className="w-full truncate rounded px-2 py-1 text-left hover:bg-sunken">
                <span className="text-muted">{(one.line + 1).toLocaleString(LANGUAGE)} · </span>
                {one.before}
                <mark className="bg-accent/30 text-inherit">{one.match}</mark>
                {one.after}
              </button>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
