// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;

/** The two native products, row-major. */
final class Blas {
    private static final int ROW_MAJOR = 101;
    private static final int PLAIN = 111;
    private static final int TRANSPOSED = 112;

    private Blas() {}

    /** C (m × n) = op(A) · op(B) + beta · C, with k terms in each sum. */
    static void gemm(
            boolean ta,
            boolean tb,
            int m,
            int n,
            int k,
            FloatPointer a,
            int lda,
            FloatPointer b,
            int ldb,
            float beta,
            FloatPointer c,
            int ldc) {
        openblas.cblas_sgemm(
                ROW_MAJOR, ta ? TRANSPOSED : PLAIN, tb ? TRANSPOSED : PLAIN, m, n, k, 1f, a, lda, b, ldb, beta, c, ldc);
    }

    /** y = op(A) · x + beta · y, where A is stored as rows × columns. */
    static void gemv(
            boolean transposed,
            int rows,
            int columns,
            FloatPointer a,
            int lda,
            FloatPointer x,
            float beta,
            FloatPointer y) {
        openblas.cblas_sgemv(ROW_MAJOR, transposed ? TRANSPOSED : PLAIN, rows, columns, 1f, a, lda, x, 1, beta, y, 1);
    }
}
