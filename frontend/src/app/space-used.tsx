import { formatBytes } from "@/lib/format";
import { t } from "@/lib/text";
import { type Quota, QuotaBar } from "@/ui/quota-cell";

/** How much of what I may store is taken. */
export function SpaceUsed({ name, quota }: { name: string; quota: Quota }) {
  return (
    <div className="hidden flex-col gap-1.5 px-3 md:flex">
      <QuotaBar name={name} quota={quota} />
      <p className="text-xs text-muted">
        {t`${formatBytes(quota.used_bytes + quota.reserved_bytes)} of ${formatBytes(quota.limit_bytes)} used`}
      </p>
    </div>
  );
}
