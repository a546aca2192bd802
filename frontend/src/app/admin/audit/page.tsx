"use client";

import { AccessLog } from "@/features/audit";
import { Page } from "@/ui/section";
import { Shell } from "../../shell";

export default function AccessLogPage() {
  return (
    <Shell>
      <Page title="Access log">
        <AccessLog />
      </Page>
    </Shell>
  );
}
