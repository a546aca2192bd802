"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { api, bodyOf } from "@/lib/api/client";
import { LANGUAGE, t } from "@/lib/text";
import { Failed, Loading } from "@/ui/states";
import { type FileInfo, PATIENT } from "./api";
import { Grid } from "./grid";

async function block(fileId: string, sheet: number, number: number) {
  const page = await bodyOf(api.GET("/api/v1/files/{file_id}/sheets", { params: { path: { file_id: fileId }, query: { sheet, block: number } } }));
  const rows = page.url ? ((await (await fetch(page.url)).json()) as string[][]) : [];
  return { sheets: page.sheets, rows };
}

/** A workbook as tables, a tab for each sheet; the first row is taken for its heading. */
export function Workbook({ file }: { file: FileInfo }) {
  const [sheet, setSheet] = useState(0);
  const { data, isPending, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["sheets", file.id, sheet],
    initialPageParam: 0,
    queryFn: ({ pageParam }) => block(file.id, sheet, pageParam),
    getNextPageParam: (last, pages) => (pages.length < (last.sheets[sheet]?.blocks ?? 0) ? pages.length : null),
    staleTime: Infinity,
    ...PATIENT,
  });
  const rows = useMemo(() => data?.pages.flatMap((page) => page.rows) ?? [], [data]);
  if (isPending) return <Loading label={t`Reading the workbook`} />;
  if (isError) return <Failed error={error} onRetry={() => void refetch()} />;
  const sheets = data.pages[0]?.sheets ?? [];
  const shown = sheets[sheet];
  const [heading = [], ...body] = rows;
  return (
    <>
      <div role="tablist" aria-label={t`Sheets`} className="flex flex-wrap items-center gap-1 border-b border-line px-3 py-1.5 text-xs">
        {sheets.map((one, index) => (
          <button key={index} type="button" role="tab" aria-selected={index === sheet} onClick={() => setSheet(index)} className={`rounded px-2 py-1 ${index === sheet ? "bg-accent/15 font-semibold" : "text-muted hover:bg-sunken"}`}>
            {one.name}
          </button>
        ))}
        {shown && <span className="ml-auto text-muted">{t`${shown.rows.toLocaleString(LANGUAGE)} rows`}</span>}
        {shown?.is_cut && <span className="text-warn">{t`there is more than is shown`}</span>}
      </div>
      <Grid key={sheet} name={shown?.name ?? file.name} heading={heading} rows={body} isWhole={!hasNextPage} onEnd={() => !isFetchingNextPage && void fetchNextPage()} />
    </>
  );
}
