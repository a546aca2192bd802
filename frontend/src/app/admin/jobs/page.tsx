"use client";

import { Jobs } from "@/features/operations";
import { t } from "@/lib/text";
import { Page } from "@/ui/section";
import { Shell } from "../../shell";

export default function JobsPage() {
  return (
    <Shell>
      <Page title={t`Jobs`}>
        <Jobs />
      </Page>
    </Shell>
  );
}
