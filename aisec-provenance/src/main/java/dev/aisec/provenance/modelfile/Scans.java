// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The tensor data of a file that is still to be scanned. */
final class Scans {
    /** Elements that stand in the file as they are. */
    record Piece(Tensor tensor, String location, long offset, long length) {}

    private final ByteSource file;
    private final VerificationPolicy policy;
    private final List<Piece> pieces = new ArrayList<>();

    Scans(ByteSource file, VerificationPolicy policy) {
        this.file = file;
        this.policy = policy;
    }

    void add(Tensor tensor, String location, ByteSource elements) throws IOException {
        pieces.add(new Piece(tensor, location, elements.base(), elements.length()));
    }
}
