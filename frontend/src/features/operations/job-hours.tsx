import { useQuery } from "@tanstack/react-query";

import { api, bodyOf } from "@/lib/api/client";
import { LANGUAGE, t } from "@/lib/text";
import { Columns } from "@/ui/columns";
import { Section } from "@/ui/section";

const HOURS = 24;
const HOUR_MS = 3_600_000;
const REFRESH_MS = 60_000;

/** Jobs that ended in each hour of the last day, failed ones on top. */
export function JobHours() {
  const hourly = useQuery({ queryKey: ["system-jobs", "hourly"], queryFn: () => bodyOf(api.GET("/api/v1/system/jobs/hourly")), refetchInterval: REFRESH_MS });
  if (!hourly.data) return null;
  const now = Math.floor(hourly.dataUpdatedAt / HOUR_MS);
  const columns = Array.from({ length: HOURS }, (_, index) => {
    const hour = now - HOURS + 1 + index;
    const items = hourly.data.items.filter((item) => new Date(item.at).getTime() === hour * HOUR_MS);
    const sum = (read: (item: (typeof items)[number]) => number) => items.reduce((total, item) => total + read(item), 0);
    const [done, failed, busy] = [sum((item) => item.done), sum((item) => item.failed), Math.round(sum((item) => item.busy_s) / 60)];
    const clock = new Date(hour * HOUR_MS).toLocaleTimeString(LANGUAGE, { timeStyle: "short" });
    return { text: t`${clock}: ${done} done, ${failed} failed, ${busy} minutes of work`, value: done, bad: failed };
  });
  return (
    <Section title={t`Jobs by hour`} about={t`What ended in the last day; failed jobs in red.`}>
      <Columns label={t`Jobs by hour`} columns={columns} />
    </Section>
  );
}
