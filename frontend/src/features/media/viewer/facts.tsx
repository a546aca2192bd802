import { formatClock } from "@/lib/format";
import { t } from "@/lib/text";
import { Failed, Loading } from "@/ui/states";
import { type FileFacts, useFacts } from "../api";

type Known = NonNullable<FileFacts["facts"]>;
type Row = [string, string];

function stream(facts: Known): Row[] {
  const rate = facts.rate_num && facts.rate_den ? `${Math.round((1000 * facts.rate_num) / facts.rate_den) / 1000}` : "";
  const rows: Row[] = [
    [t`Format`, facts.container],
    [t`Size in pixels`, facts.width ? `${facts.width} × ${facts.height}` : ""],
    [t`Length`, facts.duration_s ? formatClock(facts.duration_s) : ""],
    [t`Video`, [facts.video_codec, facts.profile, facts.pixel_format].filter(Boolean).join(", ")],
    [t`Frames per second`, facts.video_codec ? rate : ""],
    [t`Colours`, facts.transfer],
    [t`Bit rate`, facts.bit_rate ? t`${Math.round(facts.bit_rate / 1000)} kbit/s` : ""],
    ...(facts.audio ?? []).map((track): Row => [t`Sound`, [track.language, track.title, t`${track.channels} channels`].filter(Boolean).join(", ")]),
    ...(facts.subtitles ?? []).map((track): Row => [t`Subtitles`, [track.language, track.title, track.codec, track.is_text ? "" : t`pictures, which can't be shown`].filter(Boolean).join(", ")]),
  ];
  return rows.filter((row) => row[1] !== "");
}

function Table({ title, rows }: { title: string; rows: Row[] }) {
  if (!rows.length) return null;
  return (
    <section className="flex flex-col gap-2">
      <h3 className="text-xs font-semibold text-muted uppercase">{title}</h3>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
        {rows.map(([name, value], index) => (
          <div key={`${name}-${index}`} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** What a file says of itself: streams, EXIF, tags. */
export function Facts({ fileId }: { fileId: string }) {
  const found = useFacts(fileId);
  return (
    <aside aria-label={t`What the file says of itself`} data-scrolls className="flex w-full flex-col gap-6 overflow-y-auto border-l border-line bg-panel p-4 sm:w-80" data-testid="facts">
      {found.isPending && <Loading />}
      {found.isError && <Failed error={found.error} onRetry={() => void found.refetch()} />}
      {found.data && !found.data.facts && <p className="text-sm text-muted">{t`It says nothing that we can read.`}</p>}
      {found.data?.facts && (
        <>
          <Table title={t`Contents`} rows={stream(found.data.facts)} />
          <Table title={t`Tags`} rows={Object.entries(found.data.facts.tags ?? {})} />
        </>
      )}
    </aside>
  );
}
