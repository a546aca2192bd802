import { useMutation, useQueryClient } from "@tanstack/react-query";

/** A change to the server, after which everything under `queryKey` is looked at anew, whether it succeeded or not. */
export function useChange<Input, Output>(queryKey: string, mutationFn: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation({ mutationFn, onSettled: () => client.invalidateQueries({ queryKey: [queryKey] }) });
}
