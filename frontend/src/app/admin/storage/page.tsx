"use client";

import { StorageOverview } from "@/features/operations";
import { t } from "@/lib/text";
import { Page } from "@/ui/section";
import { Shell } from "../../shell";

export default function StorageOverviewPage() {
  return (
    <Shell>
      <Page title={t`Storage`}>
        <StorageOverview />
      </Page>
    </Shell>
  );
}
