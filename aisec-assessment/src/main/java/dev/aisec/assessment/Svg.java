// SPDX-License-Identifier: Apache-2.0
package dev.aisec.assessment;

import dev.aisec.core.Estimate;
import dev.aisec.core.Measurement;
import java.util.ArrayList;
import java.util.List;

/** Inline SVG plots. Colours come from the page's custom properties; series differ by marker and dash, too. */
final class Svg {
    /** A line of a plot. */
    record Series(String name, List<Measurement.Point> points) {}

    /** A group of bars, one for each severity. */
    record Bars(String name, List<Measurement.Point> points) {}

    private static final int WIDTH = 640;
    private static final int HEIGHT = 360;
    private static final int LEFT = 66;
    private static final int RIGHT = 16;
    private static final int TOP = 14;
    private static final int BOTTOM = 66;
    private static final int COLOURS = 6;
    /** Curves of more points get a band instead of whiskers. */
    private static final int MOST_WHISKERS = 24;
    /** Whiskers of two series at one place stand side by side, so many pixels apart. */
    private static final int APART = 5;

    private final StringBuilder out = new StringBuilder();
    private final double xMax;
    private final double yMax;

    private Svg(double xMax, double yMax) {
        this.xMax = xMax;
        this.yMax = yMax;
    }

    /** Lines over a common axis from 0. */
    static String lines(
            String title, String description, String xTitle, String yTitle, List<Series> series, boolean roc) {
        double xMax = 0;
        double yMax = 1;
        for (Series s : series) {
            for (Measurement.Point p : s.points()) {
                xMax = Math.max(xMax, p.x());
                if (p.y() instanceof Estimate.Measured m) {
                    yMax = Math.max(yMax, m.interval().upper());
                }
            }
        }
        Svg svg = new Svg(xMax > 0 ? xMax : 1, yMax);
        svg.open(title, description);
        svg.yAxis(yTitle);
        svg.xAxis(xTitle);
        if (roc) {
            svg.out
                    .append("<line class=\"chance\" x1=\"")
                    .append(svg.x(0))
                    .append("\" y1=\"")
                    .append(svg.y(0))
                    .append("\" x2=\"")
                    .append(svg.x(1))
                    .append("\" y2=\"")
                    .append(svg.y(1))
                    .append("\"/>\n");
        }
        for (int i = 0; i < series.size(); i++) {
            // A series of one point has a place of its own.
            boolean alone = series.get(i).points().size() == 1;
            svg.series(series.get(i), i % COLOURS, alone ? 0 : (i - (series.size() - 1) / 2.0) * APART);
        }
        svg.out.append("</svg>\n");
        return svg.out.toString();
    }

    /** Groups of bars between 0 and 1. */
    static String bars(String title, String description, String yTitle, List<Bars> groups) {
        Svg svg = new Svg(1, 1);
        svg.open(title, description);
        svg.yAxis(yTitle);
        double group = (double) (WIDTH - LEFT - RIGHT) / Math.max(1, groups.size());
        for (int g = 0; g < groups.size(); g++) {
            List<Measurement.Point> points = groups.get(g).points();
            double width = group * 0.84 / Math.max(1, points.size());
            double from = LEFT + g * group + group * 0.08;
            for (int i = 0; i < points.size(); i++) {
                if (points.get(i).y() instanceof Estimate.Measured m) {
                    double top = svg.yAt(m.value());
                    svg.out
                            .append("<rect class=\"v")
                            .append(Math.min(5, i))
                            .append("\" x=\"")
                            .append(n(from + i * width + 0.5))
                            .append("\" y=\"")
                            .append(n(top))
                            .append("\" width=\"")
                            .append(n(width - 1))
                            .append("\" height=\"")
                            .append(n(svg.yAt(0) - top))
                            .append("\"><title>")
                            .append(Html.escape(groups.get(g).name() + ", severity "
                                    + Text.significant(points.get(i).x()) + ": " + Text.estimate(m, "1")))
                            .append("</title></rect>\n");
                    svg.whisker(from + (i + 0.5) * width, m, "w");
                }
            }
            svg.text(
                    LEFT + (g + 0.5) * group,
                    HEIGHT - BOTTOM + 18,
                    "middle",
                    groups.get(g).name(),
                    "tick");
        }
        svg.text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8, "middle", "severity 0 (clean) to 5, left to right", "axis");
        svg.out.append("</svg>\n");
        return svg.out.toString();
    }

    private void open(String title, String description) {
        out.append("<svg viewBox=\"0 0 ")
                .append(WIDTH)
                .append(' ')
                .append(HEIGHT)
                .append("\" role=\"img\"><title>")
                .append(Html.escape(title))
                .append("</title><desc>")
                .append(Html.escape(description))
                .append("</desc>\n");
    }

    private void yAxis(String title) {
        for (double v : ticks(yMax)) {
            out.append("<line class=\"grid\" x1=\"")
                    .append(LEFT)
                    .append("\" x2=\"")
                    .append(WIDTH - RIGHT)
                    .append("\" y1=\"")
                    .append(y(v))
                    .append("\" y2=\"")
                    .append(y(v))
                    .append("\"/>\n");
            text(LEFT - 8, yAt(v) + 4, "end", yMax == 1 ? Text.number(v * 100, 0) + " %" : Text.significant(v), "tick");
        }
        out.append("<text class=\"axis upright\" text-anchor=\"middle\" transform=\"translate(13 ")
                .append(n((TOP + HEIGHT - BOTTOM) / 2.0))
                .append(") rotate(-90)\">")
                .append(Html.escape(title))
                .append("</text>\n");
    }

    private void xAxis(String title) {
        for (double v : ticks(xMax)) {
            text(xAt(v), HEIGHT - BOTTOM + 18, "middle", Text.significant(v), "tick");
            out.append("<line class=\"grid\" x1=\"")
                    .append(x(v))
                    .append("\" x2=\"")
                    .append(x(v))
                    .append("\" y1=\"")
                    .append(HEIGHT - BOTTOM)
                    .append("\" y2=\"")
                    .append(HEIGHT - BOTTOM + 5)
                    .append("\"/>\n");
        }
        text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8, "middle", title, "axis");
    }

    private void series(Series series, int colour, double aside) {
        StringBuilder path = new StringBuilder();
        List<double[]> upper = new ArrayList<>();
        List<double[]> lower = new ArrayList<>();
        boolean pen = false;
        boolean whiskers = series.points().size() <= MOST_WHISKERS;
        double shift = whiskers ? aside : 0;
        for (Measurement.Point p : series.points()) {
            if (p.y() instanceof Estimate.Measured m) {
                path.append(pen ? 'L' : 'M')
                        .append(n(xAt(p.x()) + shift))
                        .append(' ')
                        .append(y(m.value()));
                pen = true;
                upper.add(new double[] {xAt(p.x()), yAt(m.interval().upper())});
                lower.add(new double[] {xAt(p.x()), yAt(m.interval().lower())});
            } else {
                pen = false;
            }
        }
        out.append("<g class=\"s").append(colour).append("\">\n");
        if (!whiskers) {
            StringBuilder band = new StringBuilder();
            for (double[] p : upper) {
                band.append(n(p[0])).append(',').append(n(p[1])).append(' ');
            }
            for (int i = lower.size() - 1; i >= 0; i--) {
                band.append(n(lower.get(i)[0]))
                        .append(',')
                        .append(n(lower.get(i)[1]))
                        .append(' ');
            }
            out.append("<polygon class=\"band\" points=\"")
                    .append(band.toString().trim())
                    .append("\"/>\n");
        }
        if (path.length() > 0) {
            out.append("<path class=\"line\" d=\"").append(path).append("\"/>\n");
        }
        if (whiskers) {
            for (Measurement.Point p : series.points()) {
                if (p.y() instanceof Estimate.Measured m) {
                    whisker(xAt(p.x()) + shift, m, "w");
                    marker(
                            colour,
                            xAt(p.x()) + shift,
                            yAt(m.value()),
                            series.name() + ", " + Text.significant(p.x()) + ": " + Text.estimate(m, "1"));
                }
            }
        }
        out.append("</g>\n");
    }

    private void whisker(double x, Estimate.Measured m, String kind) {
        double top = yAt(Math.min(yMax, m.interval().upper()));
        double bottom = yAt(Math.max(0, m.interval().lower()));
        out.append("<path class=\"")
                .append(kind)
                .append("\" d=\"M")
                .append(n(x))
                .append(' ')
                .append(n(top))
                .append('V')
                .append(n(bottom))
                .append('M')
                .append(n(x - 3))
                .append(' ')
                .append(n(top))
                .append("h6M")
                .append(n(x - 3))
                .append(' ')
                .append(n(bottom))
                .append("h6\"/>\n");
    }

    private void marker(int colour, double x, double y, String title) {
        String shape = switch (colour % 3) {
            case 0 -> "<circle cx=\"" + n(x) + "\" cy=\"" + n(y) + "\" r=\"4\">";
            case 1 -> "<rect x=\"" + n(x - 3.8) + "\" y=\"" + n(y - 3.8) + "\" width=\"7.6\" height=\"7.6\">";
            default -> "<path d=\"M" + n(x) + " " + n(y - 5) + "l5 9h-10z\">";
        };
        String name = shape.substring(1, shape.indexOf(' '));
        out.append(shape.replace("<" + name, "<" + name + " class=\"m\""))
                .append("<title>")
                .append(Html.escape(title))
                .append("</title></")
                .append(name)
                .append(">\n");
    }

    /** A sample of a series for the legend. */
    static String key(int colour) {
        Svg svg = new Svg(1, 1);
        svg.out
                .append("<svg class=\"key s")
                .append(colour % COLOURS)
                .append("\" viewBox=\"0 0 30 12\" aria-hidden=\"true\"><path class=\"line\" d=\"M1 6H29\"/>");
        svg.marker(colour % COLOURS, 15, 6, "");
        return svg.out
                .append("</svg>")
                .toString()
                .replace("<title></title>", "")
                .replace("\n", "");
    }

    private void text(double x, double y, String anchor, String text, String kind) {
        out.append("<text class=\"")
                .append(kind)
                .append("\" text-anchor=\"")
                .append(anchor)
                .append("\" x=\"")
                .append(n(x))
                .append("\" y=\"")
                .append(n(y))
                .append("\">")
                .append(Html.escape(text))
                .append("</text>\n");
    }

    /** Four to eight round steps from 0 to the maximum. */
    private static List<Double> ticks(double max) {
        double step = Math.pow(10, Math.floor(Math.log10(max / 4)));
        while (max / step > 8) {
            step *= max / (step * 2) <= 8 ? 2 : max / (step * 2.5) <= 8 ? 2.5 : 5;
        }
        List<Double> ticks = new ArrayList<>();
        for (int i = 0; i * step <= max * (1 + 1e-9); i++) {
            ticks.add(i * step);
        }
        return ticks;
    }

    private double xAt(double value) {
        return LEFT + value / xMax * (WIDTH - LEFT - RIGHT);
    }

    private double yAt(double value) {
        return HEIGHT - BOTTOM - value / yMax * (HEIGHT - TOP - BOTTOM);
    }

    private String x(double value) {
        return n(xAt(value));
    }

    private String y(double value) {
        return n(yAt(value));
    }

    private static String n(double value) {
        return Text.number(value, 1);
    }
}
