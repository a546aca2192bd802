"use client";

import { useEffect, useRef } from "react";

import { t } from "@/lib/text";
import { Failed, Loading } from "@/ui/states";
import { type FileInfo, usePages } from "./api";

/** A PDF as pictures of its pages; those further down are made as one comes to them. */
export function Document({ file }: { file: FileInfo }) {
  const pages = usePages(file.id);
  const end = useRef<HTMLDivElement>(null);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  useEffect(() => {
    if (!end.current || !hasNextPage || isFetchingNextPage) return;
    const seen = new IntersectionObserver(([entry]) => entry?.isIntersecting && void fetchNextPage(), { rootMargin: "1500px" });
    seen.observe(end.current);
    return () => seen.disconnect();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (pages.isPending) return <Loading label={t`Drawing the first pages`} />;
  if (pages.isError) return <Failed error={pages.error} onRetry={() => void pages.refetch()} />;
  const count = pages.data.pages[0]?.count ?? 0;
  return (
    <div data-scrolls tabIndex={0} role="region" aria-label={t`Pages`} className="flex min-h-0 flex-1 flex-col items-center gap-4 overflow-auto bg-sunken p-4" data-testid="document">
      {pages.data.pages.flatMap((part) =>
        part.items.map((page) => (
          <figure key={page.no} className="flex w-full max-w-4xl flex-col items-center gap-1">
            {/* eslint-disable-next-line @next/next/no-img-element -- presigned, and already of the right size */}
            <img src={page.url} alt={t`Page ${page.no}`} width={page.width} height={page.height} loading="lazy" className="h-auto w-full bg-panel shadow" />
            <figcaption className="text-xs text-muted">
              {t`${page.no} of ${count}`}
            </figcaption>
          </figure>
        )),
      )}
      <div ref={end} className="h-px w-full shrink-0" />
      {isFetchingNextPage && <Loading label={t`Drawing more pages`} />}
    </div>
  );
}
