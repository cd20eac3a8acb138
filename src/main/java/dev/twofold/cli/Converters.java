package dev.twofold.cli;

import dev.twofold.checkpoint.RopeRange;
import dev.twofold.decoder.Sharding.Placement;
import dev.twofold.estimate.RuntimeName;
import dev.twofold.graph.AccuracyLevel;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.graph.lower.LogitsSpan;
import dev.twofold.graph.lower.Padding;
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.LayerWindow;
import dev.twofold.layers.StepRange;
import dev.twofold.measure.LossLimit;
import dev.twofold.ort.Provider;
import dev.twofold.pass.MemorySize;
import dev.twofold.passes.quantize.Rounding;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.target.onnx.WebType;
import dev.twofold.tensor.Precision;
import java.util.Arrays;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads option values as they are printed: enums by their names for users, layers by their own notation. */
final class Converters {

    private Converters() {}

    static void register(CommandLine line) {
        named(line, Precision.class);
        named(line, WeightType.class);
        named(line, AccuracyLevel.class);
        named(line, Rounding.class);
        named(line, DialectName.class);
        named(line, KvLayout.class);
        named(line, Padding.class);
        named(line, LogitsSpan.class);
        named(line, CollectiveName.class);
        named(line, PairLayers.Form.class);
        named(line, Placement.class);
        named(line, OutputFormat.class);
        named(line, RuntimeName.class);
        named(line, TargetName.class);
        named(line, RopeRange.class);
        named(line, OutputLayout.class);
        named(line, WebType.class);
        line.registerConverter(Provider.class, converter(Provider::valueOf));
        line.registerConverter(LayerWindow.class, converter(LayerWindow::valueOf));
        line.registerConverter(MemorySize.class, converter(MemorySize::valueOf));
        line.registerConverter(LossLimit.class, converter(LossLimit::valueOf));
        line.registerConverter(StepRange.class, converter(StepRange::valueOf));
        line.registerConverter(LayerRange.class, converter(LayerRange::valueOf));
    }

    private static <E extends Enum<E>> void named(CommandLine line, Class<E> type) {
        line.registerConverter(
                type,
                converter(text -> Arrays.stream(type.getEnumConstants())
                        .filter(constant -> constant.toString().equals(text))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException(
                                "'" + text + "' is not one of " + Arrays.toString(type.getEnumConstants())))));
    }

    private static <T> ITypeConverter<T> converter(Function<String, T> parse) {
        return text -> {
            try {
                return parse.apply(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        };
    }
}
