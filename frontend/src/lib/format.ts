import { LANGUAGE, t } from "@/lib/text";

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Bytes for people, in powers of 1,000 as disks are sold. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Seconds as 1:02:03 or 4:05. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** Time left, roughly: "2 min left". */
export function formatLeft(seconds: number): string {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return t`${Math.max(1, Math.round(seconds))} s left`;
  if (seconds < 5400) return t`${Math.round(seconds / 60)} min left`;
  return t`${(seconds / 3600).toFixed(1)} h left`;
}

const RELATIVE = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" });

/** "3 minutes ago", or the date once it is older than a week. */
export function formatAgo(iso: string): string {
  const seconds = (new Date(iso).getTime() - Date.now()) / 1000;
  const steps: [number, Intl.RelativeTimeFormatUnit][] = [
    [60, "second"],
    [3600, "minute"],
    [86400, "hour"],
    [604800, "day"],
  ];
  let previous = 1;
  for (const [limit, unit] of steps) {
    if (Math.abs(seconds) < limit) return RELATIVE.format(Math.round(seconds / previous), unit);
    previous = limit;
  }
  return new Date(iso).toLocaleDateString(LANGUAGE, { dateStyle: "medium" });
}

/** "500 GB" as bytes, in the units of formatBytes and those of powers of 1,024; null where it is no size. */
export function parseBytes(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:([kmgtp])(i)?)?b?\s*$/i.exec(text);
  if (!match) return null;
  const power = match[2] ? "kmgtp".indexOf(match[2].toLowerCase()) + 1 : 0;
  return Math.round(Number(match[1]) * (match[3] ? 1024 : 1000) ** power);
}
