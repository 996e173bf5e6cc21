// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SecureBitsTest {
    /** Each of the 64 bits of 2²⁰ words is a fair coin; |z| > 7.4 for one of them by chance: below 1e-11. */
    @Test
    void nextLong_everyBit_isFair() {
        SecureBits bits = SecureBits.current();
        int n = 1 << 20;
        int[] ones = new int[64];
        for (int i = 0; i < n; i++) {
            long word = bits.nextLong();
            for (int b = 0; b < 64; b++) {
                ones[b] += (int) (word >>> b & 1);
            }
        }
        for (int count : ones) {
            assertThat((count - n / 2.0) / Math.sqrt(n / 4.0)).isBetween(-7.4, 7.4);
        }
    }

    /** Across many keys no word comes twice; by chance below 1e-8. */
    @Test
    void nextLong_acrossKeys_neverRepeats() {
        SecureBits bits = SecureBits.current();
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < 200_000; i++) {
            assertThat(seen.add(bits.nextLong())).isTrue();
        }
    }

    @Test
    void current_twoThreads_haveTheirOwn() throws InterruptedException {
        SecureBits[] other = new SecureBits[1];
        Thread thread = new Thread(() -> other[0] = SecureBits.current());
        thread.start();
        thread.join();
        assertThat(other[0]).isNotSameAs(SecureBits.current());
        assertThat(other[0].nextLong()).isNotEqualTo(SecureBits.current().nextLong());
    }

    @Test
    void nextLong_bounded_isUniformBelowTheBound() {
        long bound = (1L << 62) + 12345;
        BitSource fixed = new SeededBits(7);
        long sum = 0;
        for (int i = 0; i < 10_000; i++) {
            long value = fixed.nextLong(bound);
            assertThat(value).isBetween(0L, bound - 1);
            sum += value >> 20;
        }
        // Mean of 10,000: standard error 0.29 % of the bound; 7 of them: below 1e-11.
        assertThat((double) sum / 10_000 / (bound >> 20)).isBetween(0.48, 0.52);
        assertThat(fixed.nextLong(1)).isZero();
    }
}
