// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import org.jspecify.annotations.Nullable;

/** Scratch memory that calls on one network, and on others with its shapes, borrow and give back. Thread-safe. */
final class Frames {
    private static final int KEPT = 2 * Runtime.getRuntime().availableProcessors();

    private final Frame[] free = new Frame[KEPT];
    private int count;
    private final Gradients[] freeGradients = new Gradients[KEPT];
    private int gradientCount;
    private final Chunk[] freeChunks = new Chunk[KEPT];
    private int chunkCount;

    Frame borrow(Weights weights) {
        Frame frame = null;
        synchronized (this) {
            if (count > 0) {
                frame = free[--count];
            }
        }
        return (frame == null ? new Frame() : frame).with(weights);
    }

    synchronized void giveBack(Frame frame) {
        if (count < KEPT) {
            free[count++] = frame;
        }
    }

    Gradients borrowGradients(Plan plan) {
        Gradients found = null;
        synchronized (this) {
            if (gradientCount > 0) {
                found = freeGradients[--gradientCount];
            }
        }
        if (found == null) {
            found = new Gradients(plan);
        }
        found.clear();
        return found;
    }

    synchronized void giveBack(@Nullable Gradients gradients) {
        if (gradients != null && gradientCount < KEPT) {
            freeGradients[gradientCount++] = gradients;
        }
    }

    /** A chunk for a network with as many values as all others that use this pool, or more. */
    Chunk borrowChunk(int slots) {
        synchronized (this) {
            for (int i = 0; i < chunkCount; i++) {
                if (freeChunks[i].values.length == slots) {
                    Chunk found = freeChunks[i];
                    freeChunks[i] = freeChunks[--chunkCount];
                    return found;
                }
            }
        }
        return new Chunk(slots);
    }

    synchronized void giveBack(Chunk chunk) {
        if (chunkCount < KEPT) {
            freeChunks[chunkCount++] = chunk;
        }
    }
}
