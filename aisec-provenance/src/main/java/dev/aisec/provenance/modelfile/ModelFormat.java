// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.util.List;

/**
 * A format of model files: how to recognise it and how to read it without trusting it. An implementation is an immutable
 * value, safe for use by several threads.
 *
 * <p>Contract of {@link #read}: whatever the bytes are, it returns, throws what {@link Inspection#refuse} gave, throws a
 * {@link dev.aisec.core.MalformedInputException}, or passes on an {@link IOException} of the source. It allocates nothing
 * by a length that it has not compared with what is there and with the limits, calls {@link Inspection#step} in its loops,
 * and executes nothing.
 */
public interface ModelFormat {
    /**
     * The name, as it stands in reports.
     *
     * @return lower case, for example {@code safetensors}
     */
    String name();

    /**
     * Extensions of files of this format.
     *
     * @return lower case, without the dot
     */
    List<String> extensions();

    /**
     * Whether content is of this format. It looks at little and never fails on malformed content.
     *
     * @param probe the content
     * @return the claim
     * @throws IOException if the content cannot be read
     */
    Claim recognizes(Probe probe) throws IOException;

    /**
     * Reads content that this format has claimed, and tells the inspection all it sees: tensors, operators, used names,
     * findings.
     *
     * @param source the content
     * @param inspection whom to tell
     * @throws IOException if the content is refused or cannot be read
     */
    void read(ByteSource source, Inspection inspection) throws IOException;

    /**
     * The rules that this format checks, beyond those that hold for every file.
     *
     * @return the rules
     */
    List<Rule> rules();
}
