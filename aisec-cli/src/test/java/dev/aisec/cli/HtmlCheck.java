// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import nu.validator.htmlparser.common.XmlViolationPolicy;
import nu.validator.htmlparser.sax.HtmlParser;
import org.xml.sax.ErrorHandler;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;
import org.xml.sax.helpers.DefaultHandler;

/** Parses pages with an HTML5 parser and prints its errors: for tests, and for CI from the command line. */
final class HtmlCheck {
    private HtmlCheck() {}

    /** The parser's complaints, none for a correct page. */
    static List<String> errors(Path page) throws IOException, SAXException {
        List<String> errors = new ArrayList<>();
        HtmlParser parser = new HtmlParser(XmlViolationPolicy.ALLOW);
        parser.setContentHandler(new DefaultHandler());
        parser.setErrorHandler(new ErrorHandler() {
            @Override
            public void warning(SAXParseException e) {
                error(e);
            }

            @Override
            public void error(SAXParseException e) {
                errors.add("line " + e.getLineNumber() + ": " + e.getMessage());
            }

            @Override
            public void fatalError(SAXParseException e) {
                error(e);
            }
        });
        try (var in = Files.newInputStream(page)) {
            InputSource source = new InputSource(in);
            source.setEncoding("UTF-8");
            parser.parse(source);
        }
        return errors;
    }

    public static void main(String[] args) throws IOException, SAXException {
        int found = 0;
        for (String page : args) {
            for (String error : errors(Path.of(page))) {
                System.err.println(page + ": " + error);
                found++;
            }
        }
        System.exit(found == 0 ? 0 : 1);
    }
}
