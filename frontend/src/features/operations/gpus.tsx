"use client";

import { useQuery } from "@tanstack/react-query";
import { Cpu } from "lucide-react";

import { api, bodyOf, type Schemas } from "@/lib/api/client";
import { formatAgo, formatBytes } from "@/lib/format";
import { LANGUAGE, t } from "@/lib/text";
import { Columns } from "@/ui/columns";
import { Progress } from "@/ui/progress";
import { Section } from "@/ui/section";
import { Empty, Failed, Loading } from "@/ui/states";
import { ROW, Table } from "@/ui/table";

type Gpu = Schemas["GpuView"];
type Minute = Schemas["GpuMinute"];

const REFRESH_MS = 10_000;
const HOUR = 60;
const MINUTE_MS = 60_000;
const MODES: Record<string, string> = {
  full: t`Decodes and encodes on the GPU`,
  hybrid: t`Decodes on the GPU, encodes on the CPU`,
  cpu: t`Not used: everything is done on the CPU`,
};
const NEXT: Record<string, string> = {
  full: t`The next film is decoded and encoded on a GPU.`,
  hybrid: t`The next film is decoded on a GPU and encoded on the CPU.`,
  cpu: t`The next film is made on the CPU.`,
};

const CODECS: Record<string, string> = { h264: "H.264", hevc: "HEVC", vp8: "VP8", vp9: "VP9", av1: "AV1", mpeg2video: "MPEG-2", mpeg4: "MPEG-4" };
/** A codec as people know it: `hevc-10` is HEVC with ten bits a sample. */
const codecName = (name: string) => {
  const [codec = name, bits] = name.split("-");
  const known = CODECS[codec] ?? codec;
  return bits ? t`${known} (${bits} bits)` : known;
};

const percent = (value: number | null | undefined) => (value == null ? "–" : `${Math.round(value)} %`);

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div className="rounded-lg bg-sunken px-3 py-2">
      <dt className="text-xs text-muted">{label}</dt>
      <dd className="font-semibold tabular-nums">{value}</dd>
    </div>
  );
}

/** One figure over the last hour; minutes of which nothing is known stay empty. */
function LastHour({ label, minutes, read, now }: { label: string; minutes: Minute[]; read: (minute: Minute) => number | null; now: number }) {
  const known = new Map(minutes.map((minute) => [Math.floor(new Date(minute.at).getTime() / MINUTE_MS), read(minute)]));
  const last = Math.floor(now / MINUTE_MS);
  const columns = Array.from({ length: HOUR }, (_, index) => {
    const at = last - HOUR + 1 + index;
    const value = known.get(at);
    const clock = new Date(at * MINUTE_MS).toLocaleTimeString(LANGUAGE, { timeStyle: "short" });
    return { text: value == null ? t`${clock}: nothing known` : t`${clock}: ${Math.round(value)} %`, value: value ?? 0 };
  });
  return (
    <figure className="flex min-w-0 flex-col gap-1">
      <figcaption className="text-xs text-muted">{label}</figcaption>
      <Columns label={label} columns={columns} most={100} height="h-16" />
    </figure>
  );
}

function Device({ gpu, now }: { gpu: Gpu; now: number }) {
  const figures = gpu.figures;
  const slowed = figures?.slowed_by ?? [];
  const whole = (value: number | null | undefined, unit: string) => (value == null ? "–" : `${Math.round(value)} ${unit}`);
  return (
    <Section title={`${gpu.name} · ${gpu.host}`} about={MODES[gpu.mode] ?? gpu.mode}>
      {gpu.reason && <p className="rounded-lg border border-line px-3 py-2 text-sm text-muted">{gpu.reason}</p>}
      {slowed.length > 0 && <p className="text-sm text-warn">{t`Slowed down by ${slowed.join(", ")}`}</p>}
      <dl className="grid grid-cols-2 gap-2 sm:grid-cols-4 lg:grid-cols-6">
        <Figure label={t`GPU`} value={percent(figures?.gpu_percent)} />
        <Figure label={t`Decoders`} value={percent(figures?.decoder_percent)} />
        <Figure label={t`Encoders`} value={percent(figures?.encoder_percent)} />
        <Figure label={t`Encoder sessions`} value={whole(figures?.encoder_sessions, "")} />
        <Figure label={t`Memory`} value={figures?.memory_bytes == null ? "–" : t`${formatBytes(figures.memory_bytes)} of ${formatBytes(gpu.memory_bytes)}`} />
        <Figure label={t`Power`} value={figures?.power_w == null ? "–" : t`${Math.round(figures.power_w)} of ${whole(figures.power_limit_w, "W")}`} />
        <Figure label={t`Temperature`} value={whole(figures?.temperature_c, "°C")} />
        <Figure label={t`Clock`} value={whole(figures?.clock_mhz, "MHz")} />
        <Figure label={t`Video clock`} value={whole(figures?.video_clock_mhz, "MHz")} />
        <Figure label={t`Jobs`} value={t`${gpu.jobs.length} of ${gpu.slots}`} />
      </dl>
      <div className="grid gap-4 md:grid-cols-3">
        <LastHour label={t`GPU, last hour`} minutes={gpu.last_hour} read={(minute) => minute.gpu_percent} now={now} />
        <LastHour label={t`Decoders, last hour`} minutes={gpu.last_hour} read={(minute) => minute.decoder_percent} now={now} />
        <LastHour label={t`Encoders, last hour`} minutes={gpu.last_hour} read={(minute) => minute.encoder_percent} now={now} />
      </div>
      {gpu.jobs.length > 0 && (
        <Table headings={[t`Job`, t`Progress`, t`GPU`, t`Decoders`, t`Encoders`]} testId="gpu-jobs">
          {gpu.jobs.map((job) => (
            <tr key={job.id} className={ROW}>
              <td className="px-4 py-2 font-medium">{job.tag}</td>
              <td className="px-4 py-2">{job.progress != null && <Progress value={job.progress} label={t`Progress of ${job.tag}`} />}</td>
              <td className="px-4 py-2 tabular-nums">{percent(job.gpu_percent)}</td>
              <td className="px-4 py-2 tabular-nums">{percent(job.decoder_percent)}</td>
              <td className="px-4 py-2 tabular-nums">{percent(job.encoder_percent)}</td>
            </tr>
          ))}
        </Table>
      )}
      {gpu.decodes.length > 0 && <p className="text-sm text-muted">{t`Decodes ${gpu.decodes.map(codecName).join(", ")}`}</p>}
      <p className="text-xs text-muted">{t`GPU ${gpu.index}, ${gpu.uuid}, driver ${gpu.driver}, worker ${gpu.worker}; tried ${formatAgo(gpu.proven_at)}`}</p>
    </Section>
  );
}

/** Each GPU with what it was proven to do and how busy it is; and who works without one, and why. */
export function Gpus() {
  const gpus = useQuery({ queryKey: ["system-gpus"], queryFn: () => bodyOf(api.GET("/api/v1/system/gpus")), refetchInterval: REFRESH_MS });
  if (gpus.isPending) return <Loading />;
  if (gpus.isError) return <Failed error={gpus.error} onRetry={() => void gpus.refetch()} />;
  const { mode, items, without } = gpus.data;
  return (
    <>
      {items.length === 0 && (
        <Empty icon={<Cpu className="size-10" />} title={t`No GPU: films are made on the CPU`}>
          {t`Everything works without one. Where a worker has an NVIDIA GPU, it is tried out and shown here.`}
        </Empty>
      )}
      {items.length > 0 && <p className="text-sm text-muted">{NEXT[mode]}</p>}
      {items.map((gpu) => (
        <Device key={gpu.id} gpu={gpu} now={gpus.dataUpdatedAt} />
      ))}
      {without.length > 0 && (
        <Table headings={[t`Encodes on the CPU`, t`Why`]} testId="without-gpu">
          {without.map((worker) => (
            <tr key={worker.worker} className={ROW}>
              <td className="px-4 py-2">{worker.worker}</td>
              <td className="px-4 py-2 text-muted">{worker.reason}</td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}
