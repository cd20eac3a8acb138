package dev.twofold.checkpoint;

import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Temperature;
import dev.twofold.decoder.Window;
import dev.twofold.family.AttentionStyle;
import dev.twofold.family.Family;
import dev.twofold.family.RotaryStyle;
import dev.twofold.family.Setting;
import dev.twofold.family.WindowStyle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The attention rule of every layer: where there are windows and positions.
 *
 * @param context positions that all of them hold for
 */
record LayerRules(List<AttentionRule> rules, int context) {

    static LayerRules read(Settings settings, Family family, ModelShape shape) {
        return new Reading(settings, family.attention(), shape, family.sizes().headSize()).read();
    }

    /** One config.json being read. */
    private record Reading(Settings settings, AttentionStyle style, ModelShape shape, Setting headSize) {

        LayerRules read() {
            List<Boolean> sliding = sliding();
            Optional<Integer> window = window(sliding);
            Optional<RotaryConfig.Positions> described = style.rotary().isPresent()
                    ? Optional.of(RotaryConfig.read(settings, style.rotary(), shape, headSize))
                            .map(read -> read.upTo(SparseAttention.context(settings, style.sparse(), read.count())))
                    : Optional.empty();
            Optional<RotaryConfig.Positions> positions =
                    described.filter(any -> settings.says(style.rotary().when()));
            List<Boolean> turned = positions.isPresent() ? turned(style.rotary(), sliding) : List.of();
            int context = positions.map(RotaryConfig.Positions::count).orElse(shape.context());
            int longest = Math.max(context, shape.context());
            Optional<Temperature> temperature = new TemperatureReader(settings, style.temperature()).read(longest);
            List<AttentionRule> rules = new ArrayList<>();
            for (int layer = 0; layer < shape.layers(); layer++) {
                boolean local = sliding.get(layer);
                boolean rotary = positions.isPresent() && turned.get(layer);
                Optional<Rotary> turns =
                        positions.filter(both -> rotary).map(both -> local ? both.sliding() : both.full());
                Optional<Temperature> own = temperature.filter(
                        one -> turns.isEmpty() || !style.temperature().unturned());
                rules.add(rule(local ? window : Optional.empty(), turns, own, longest));
            }
            return new LayerRules(rules, context);
        }

        private AttentionRule rule(
                Optional<Integer> window, Optional<Rotary> rotary, Optional<Temperature> temperature, int context) {
            return new AttentionRule(
                    shape.headSize(),
                    settings.number(style.clip()),
                    settings.number(style.scale()).orElse(1 / Math.sqrt(shape.headSize())) * sharpening(),
                    settings.number(style.cap()),
                    // A window that holds the whole context is none.
                    window.filter(size -> size < context)
                            .map(style.window().chunks() ? Window::chunk : Window::sliding),
                    rotary,
                    temperature);
        }

        private double sharpening() {
            return style.rotary().sharpened() ? RotaryScaling.sharpening(settings.config()) : 1;
        }

        private Optional<Integer> window(List<Boolean> sliding) {
            if (!style.window().isPresent()) {
                return Optional.empty();
            }
            Optional<Integer> size = settings.sizeOrNone(style.window().size());
            if (size.isEmpty() && sliding.contains(true)) {
                throw settings.config()
                        .wrong(style.window().listed(), "layers with a window, but no size for it")
                        .expected("a number for " + style.window().size().key());
            }
            return size;
        }

        /** Whether each layer has a window. */
        private List<Boolean> sliding() {
            Optional<List<Boolean>> listed = LayerKinds.sliding(settings.config(), style.window(), shape.layers());
            if (listed.isEmpty() && style.window().told()) {
                throw settings.config().missing(style.window().listed());
            } else if (listed.isEmpty()) {
                return slidingWithoutList();
            }
            readUnused();
            Setting when = style.window().when();
            if (listed.get().contains(true) && !when.isConstant() && !settings.flag(when, true)) {
                throw settings.config()
                        .wrong(style.window().listed(), "layers with a window, which another key switches off")
                        .found(when.key() + " is false")
                        .hint("in a copy of the checkpoint's config, set " + when.key() + " to true, or all kinds to "
                                + RotaryConfig.FULL + "; transformers runs neither");
            }
            return listed.get();
        }

        private List<Boolean> slidingWithoutList() {
            WindowStyle window = style.window();
            if (!window.isPresent()) {
                return Collections.nCopies(shape.layers(), false);
            }
            boolean any = settings.flag(window.when(), true);
            boolean sized = settings.sizeOrNone(window.size()).isPresent();
            if (window.turned()) {
                List<Boolean> turned = turned(style.rotary(), List.of());
                return turned.stream().map(turns -> any && sized && turns).toList();
            }
            int from = settings.countIfAny(window.from()).orElse(0);
            Optional<Integer> fullEvery = settings.sizeIfAny(window.fullEvery());
            List<Boolean> sliding = new ArrayList<>();
            for (int layer = 0; layer < shape.layers(); layer++) {
                int place = window.fullFirst() ? layer : layer + 1;
                boolean full = fullEvery.isPresent() && place % fullEvery.get() == 0;
                sliding.add(any && sized && layer >= from && !full);
            }
            return sliding;
        }

        /** What the list of kinds says better; the keys are still no unknown ones. */
        private void readUnused() {
            WindowStyle window = style.window();
            settings.sizeOrNone(window.size());
            settings.countIfAny(window.from());
            settings.skip(window.fullEvery());
            settings.flag(window.when(), true);
        }

        /** Whether each layer has positions. */
        private List<Boolean> turned(RotaryStyle rotary, List<Boolean> sliding) {
            if (rotary.windowed()) {
                boolean everywhere = rotary.unwindowed()
                        && settings.sizeOrNone(style.window().size()).isEmpty();
                return everywhere ? Collections.nCopies(shape.layers(), true) : sliding;
            }
            Optional<Integer> skipEvery = settings.sizeIfAny(rotary.skipEvery());
            List<Double> listed =
                    rotary.listed().isEmpty() ? List.of() : settings.config().numbers(rotary.listed());
            if (!listed.isEmpty() && listed.size() != shape.layers()) {
                throw settings.config()
                        .wrong(rotary.listed(), "not a number for each layer")
                        .found(listed.size() + " numbers")
                        .expected(shape.layers());
            }
            List<Boolean> turned = new ArrayList<>();
            for (int layer = 0; layer < shape.layers(); layer++) {
                boolean skipped = skipEvery.isPresent() && (layer + 1) % skipEvery.get() == 0;
                turned.add(listed.isEmpty() ? !skipped : listed.get(layer) != 0);
            }
            return turned;
        }
    }
}
