"use client";

import { AccessLog } from "@/features/audit";
import { t } from "@/lib/text";
import { Page } from "@/ui/section";
import { Shell } from "../../shell";

export default function AccessLogPage() {
  return (
    <Shell>
      <Page title={t`Access log`}>
        <AccessLog />
      </Page>
    </Shell>
  );
}
