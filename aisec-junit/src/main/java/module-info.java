// SPDX-License-Identifier: Apache-2.0
/** JUnit extensions for the tests of those who use aisec. */
module dev.aisec.junit {
    requires transitive dev.aisec.privacy;
    requires transitive org.junit.jupiter.api;
    requires static transitive org.jspecify;

    exports dev.aisec.junit;

    // JUnit makes the extension.
    opens dev.aisec.junit to
            org.junit.platform.commons;
}
