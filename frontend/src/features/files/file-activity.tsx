"use client";

import { t } from "@/lib/text";
import { ActivityList } from "@/ui/activity-list";
import { Failed, Loading } from "@/ui/states";
import { useFileActivity } from "./api";

export function FileActivity({ fileId }: { fileId: string }) {
  const activity = useFileActivity(fileId);
  if (activity.isPending) return <Loading />;
  if (activity.isError) return <Failed error={activity.error} />;
  if (activity.data.items.length === 0) return <p className="text-sm text-muted">{t`Nothing is on record.`}</p>;
  return <ActivityList items={activity.data.items} />;
}
