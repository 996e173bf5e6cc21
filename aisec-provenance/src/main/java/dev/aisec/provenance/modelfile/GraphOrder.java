// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** Orders the nodes of a graph so that each comes behind those it needs; without recursion, in linear time. */
final class GraphOrder {
    private GraphOrder() {}

    /**
     * Sorts.
     *
     * @param needs for each node the nodes that it needs
     * @param inspection counts the steps
     * @return all nodes, the needed ones first; those that stand in a cycle, or need one, are missing
     */
    static int[] sort(List<int[]> needs, Inspection inspection) throws IOException {
        int n = needs.size();
        int[] open = new int[n];
        int[] users = new int[n + 1];
        for (int i = 0; i < n; i++) {
            inspection.step();
            open[i] = needs.get(i).length;
            for (int need : needs.get(i)) {
                users[need + 1]++;
            }
        }
        for (int i = 0; i < n; i++) {
            users[i + 1] += users[i];
        }
        int[] user = new int[users[n]];
        int[] fill = Arrays.copyOf(users, n);
        for (int i = 0; i < n; i++) {
            for (int need : needs.get(i)) {
                user[fill[need]++] = i;
            }
        }
        int[] order = new int[n];
        int done = 0;
        for (int i = 0; i < n; i++) {
            if (open[i] == 0) {
                order[done++] = i;
            }
        }
        for (int at = 0; at < done; at++) {
            inspection.step();
            int node = order[at];
            for (int u = users[node]; u < users[node + 1]; u++) {
                if (--open[user[u]] == 0) {
                    order[done++] = user[u];
                }
            }
        }
        return Arrays.copyOf(order, done);
    }

    /** A node that stands in a cycle, if {@link #sort} left any out. */
    static int inCycle(List<int[]> needs, int[] sorted) {
        boolean[] ordered = new boolean[needs.size()];
        for (int node : sorted) {
            ordered[node] = true;
        }
        int node = 0;
        while (ordered[node]) {
            node++;
        }
        // Each node left out needs one that is left out too, so walking along needs ends in a cycle.
        boolean[] visited = new boolean[needs.size()];
        while (!visited[node]) {
            visited[node] = true;
            for (int need : needs.get(node)) {
                if (!ordered[need]) {
                    node = need;
                    break;
                }
            }
        }
        return node;
    }
}
