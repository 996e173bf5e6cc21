// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.privacy.accounting.SpendToken;
import java.util.List;
import java.util.function.Supplier;

/** Streams that are all there. */
final class Streams {
    private Streams() {}

    /** Checks the stream, then opens the session, which uses the token, then takes all steps. */
    static Release<double[][]> release(
            List<ClippedSum> stream, int steps, double clip, SpendToken token, Supplier<PrefixSums> open) {
        if (stream.isEmpty() || stream.size() > steps) {
            throw new IllegalArgumentException("stream must have 1 to " + steps + " steps, had " + stream.size());
        }
        for (ClippedSum sum : stream) {
            sum.require(clip, true, stream.get(0).dimension());
        }
        PrefixSums session = open.get();
        double[][] released = new double[stream.size()][];
        for (int i = 0; i < released.length; i++) {
            released[i] = session.next(stream.get(i));
        }
        return new Release<>(released, token.loss(), session.evidence());
    }
}
