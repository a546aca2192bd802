"use client";

import { type RefObject, useEffect, useRef, useState } from "react";

import { LANGUAGE, t } from "@/lib/text";
import { SearchField } from "@/ui/search-field";
import { Failed, Loading } from "@/ui/states";
import { type DocumentPage, type FileInfo, usePageHits, usePages } from "./api";
import { Words } from "./words";

const NEAR_PX = 1_500;
const LEAST_LETTERS = 2;
const DELAY_MS = 300;

/** Calls once what it returns a place for comes near the window. */
function useNear(onNear: () => void, isOn: boolean): RefObject<HTMLDivElement | null> {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!place.current || !isOn) return;
    const seen = new IntersectionObserver(([entry]) => entry?.isIntersecting && onNear(), { rootMargin: `${NEAR_PX}px` });
    seen.observe(place.current);
    return () => seen.disconnect();
  }, [isOn, onNear]);
  return place;
}

/** A document as pictures of its pages, with what is written on them; those further down are made as one comes to them. */
export function Document({ file }: { file: FileInfo }) {
  const pages = usePages(file.id);
  const [wanted, setWanted] = useState("");
  const [goal, setGoal] = useState<number | null>(null);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const made = pages.data?.pages.flatMap((part) => part.items) ?? [];
  const isThere = goal !== null && made.some((page) => page.no === goal);
  const end = useNear(() => void fetchNextPage(), hasNextPage && !isFetchingNextPage);
  useEffect(() => {
    if (goal === null) return;
    if (isThere) document.getElementById(`page-${goal}`)?.scrollIntoView({ block: "start" });
    // Pages up to there are made first, block by block.
    else if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [goal, isThere, hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (pages.isPending) return <Loading label={t`Drawing the first pages`} />;
  if (pages.isError) return <Failed error={pages.error} onRetry={() => void pages.refetch()} />;
  const count = pages.data.pages[0]?.count ?? 0;
  return (
    <div className="flex min-h-0 flex-1">
      <nav aria-label={t`Pages, small`} data-scrolls tabIndex={0} className="flex w-40 shrink-0 flex-col gap-3 overflow-auto border-r border-line p-3 max-sm:hidden" data-testid="small-pages">
        {made.map((page) => (
          <button key={page.no} type="button" onClick={() => setGoal(page.no)} className="flex flex-col items-center gap-1 text-xs text-muted">
            {/* eslint-disable-next-line @next/next/no-img-element -- presigned, and already of the right size */}
            <img src={page.small_url ?? page.url} alt={t`To page ${page.no}`} loading="lazy" className="w-full bg-panel shadow" />
            {page.no}
          </button>
        ))}
      </nav>
      <div className="flex min-w-0 flex-1 flex-col">
        <Search fileId={file.id} wanted={wanted} onWanted={setWanted} onPage={setGoal} />
        <div data-scrolls tabIndex={0} role="region" aria-label={t`Pages`} className="flex min-h-0 flex-1 flex-col items-center gap-4 overflow-auto bg-sunken p-4" data-testid="document">
          {made.map((page) => (
            <Page key={page.no} page={page} count={count} wanted={wanted} />
          ))}
          <div ref={end} className="h-px w-full shrink-0" />
          {isFetchingNextPage && <Loading label={t`Drawing more pages`} />}
        </div>
      </div>
    </div>
  );
}

function Page({ page, count, wanted }: { page: DocumentPage; count: number; wanted: string }) {
  const [isNear, setNear] = useState(false);
  const place = useNear(() => setNear(true), !isNear);
  return (
    <figure id={`page-${page.no}`} className="flex w-full max-w-4xl flex-col items-center gap-1">
      <div ref={place} className="relative w-full">
        {/* eslint-disable-next-line @next/next/no-img-element -- presigned, and already of the right size */}
        <img src={page.url} alt={t`Page ${page.no}`} width={page.width} height={page.height} loading="lazy" className="h-auto w-full bg-panel shadow" />
        {isNear && page.text_url && <Words url={page.text_url} ratio={page.width / page.height} wanted={wanted} />}
      </div>
      <figcaption className="text-xs text-muted">{t`${page.no} of ${count}`}</figcaption>
    </figure>
  );
}

type SearchProps = { fileId: string; wanted: string; onWanted: (text: string) => void; onPage: (no: number) => void };

function Search({ fileId, wanted, onWanted, onPage }: SearchProps) {
  const [asked, setAsked] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setAsked(wanted.trim()), DELAY_MS);
    return () => clearTimeout(timer);
  }, [wanted]);
  const hits = usePageHits(fileId, asked.length >= LEAST_LETTERS ? asked : null);
  const items = hits.data?.items ?? [];
  return (
    <div className="border-b border-line px-4 py-2 text-xs">
      <div className="flex items-center gap-3 text-muted">
        <SearchField label={t`Find in the document`} value={wanted} onValue={onWanted} className="w-56" />
        {hits.isFetching && <span>{t`Looking…`}</span>}
        {hits.data && <span role="status">{hits.data.is_cut ? t`more than ${items.length} places` : items.length === 1 ? t`1 place` : t`${items.length.toLocaleString(LANGUAGE)} places`}</span>}
      </div>
      {items.length > 0 && (
        <ol data-scrolls tabIndex={0} aria-label={t`Places found`} className="mt-2 flex max-h-40 flex-col overflow-auto" data-testid="page-hits">
          {items.map((hit, index) => (
            <li key={index}>
              <button type="button" onClick={() => onPage(hit.no)} className="w-full truncate rounded px-2 py-1 text-left hover:bg-sunken">
                <span className="text-muted">{hit.no} · </span>
                {hit.before}
                <mark className="bg-accent/30 text-inherit">{hit.match}</mark>
                {hit.after}
              </button>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
