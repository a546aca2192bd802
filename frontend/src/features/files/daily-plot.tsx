"use client";

import { useQuery } from "@tanstack/react-query";

import { api, bodyOf } from "@/lib/api/client";
import { formatBytes } from "@/lib/format";
import { LANGUAGE, t } from "@/lib/text";
import { Columns } from "@/ui/columns";
import { Failed, Loading } from "@/ui/states";

const DAYS = 14;
const DAY_MS = 86_400_000;

/** What came into my projects in the last two weeks, as a bar a day; the figures are there as text too. */
export function DailyPlot() {
  const daily = useQuery({ queryKey: ["activity", "daily"], queryFn: () => bodyOf(api.GET("/api/v1/activity/daily", { params: { query: { days: DAYS } } })), refetchInterval: 60_000 });
  if (daily.isPending) return <Loading />;
  if (daily.isError) return <Failed error={daily.error} />;
  const found = new Map(daily.data.items.map((item) => [item.day, item]));
  const today = daily.dataUpdatedAt;
  const days = Array.from({ length: DAYS }, (_, index) => new Date(today - (DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10));
  const columns = days.map((day) => {
    const item = found.get(day);
    return { text: item ? t`${day}: ${item.files.toLocaleString(LANGUAGE)} files, ${formatBytes(item.bytes)}` : t`${day}: nothing`, value: item?.bytes ?? 0 };
  });
  const total = daily.data.items.reduce((sum, item) => sum + item.files, 0);
  return (
    <figure aria-label={t`What came in, day by day`} className="flex flex-col gap-2">
      <Columns label={t`Bytes by day`} columns={columns} />
      <figcaption className="text-xs text-muted">
        {t`${total.toLocaleString(LANGUAGE)} files in two weeks, ${formatBytes(daily.data.items.reduce((sum, item) => sum + item.bytes, 0))}`}
      </figcaption>
    </figure>
  );
}
