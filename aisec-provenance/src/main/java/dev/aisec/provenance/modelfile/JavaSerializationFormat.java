// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.util.List;

/**
 * Streams of Java serialization, whose reading creates objects of any class on the class path.
 *
 * <p>Guarantee: the whole grammar is walked without loading a class; every class that a stream names is judged, those that
 * are on no list are refused; declared counts are compared with what is there; the work that hashing the content would
 * take is bounded. Limits: data of externalizable classes in protocol version 1 cannot be delimited, so it cannot be
 * inspected.
 *
 * <p>Reference: Java Object Serialization Specification, chapter 6, stream protocol version 2 (stream version 5); JEP 290.
 */
record JavaSerializationFormat() implements ModelFormat {
    @Override
    public String name() {
        return "java-serialization";
    }

    @Override
    public List<String> extensions() {
        return List.of("ser");
    }

    @Override
    public Claim recognizes(Probe probe) {
        return probe.startsWith(0xac, 0xed, 0x00, 0x05) ? Claim.CERTAIN : Claim.NONE;
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        new JavaSerializationReader(source, inspection).read();
    }

    @Override
    public List<Rule> rules() {
        return JavaSerializationReader.RULES;
    }
}
