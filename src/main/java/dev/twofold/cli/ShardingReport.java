package dev.twofold.cli;

import dev.twofold.decoder.Sharding;
import dev.twofold.pipeline.Compilation;
import dev.twofold.pipeline.ShardingCost;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;

/** What a sharded conversion costs the devices, next to the same model without pairs. */
record ShardingReport(Sharding sharding, String collective, ShardingCost cost, Optional<ShardingCost> unpaired) {

    static Optional<ShardingReport> of(Compilation compilation) {
        return compilation
                .cost()
                .map(cost -> new ShardingReport(
                        compilation.decoder().sharding().orElseThrow(),
                        compilation.target().collective(),
                        cost,
                        compilation.unpairedCost()));
    }

    Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("devices", sharding.devices());
        document.put("placement", sharding.placement().toString());
        document.put("vocabulary", sharding.vocabulary());
        document.put("collective", collective);
        document.putAll(document(cost));
        unpaired.ifPresent(before -> document.put("unpaired", document(before)));
        return document;
    }

    private static Map<String, Object> document(ShardingCost cost) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("allReduces", cost.allReduces());
        document.put("exchangedBytesPerToken", cost.exchangedBytesPerToken());
        List<Map<String, Object>> ranks = new ArrayList<>();
        for (ShardingCost.OfRank rank : cost.ranks()) {
            Map<String, Object> each = new LinkedHashMap<>();
            each.put("weightBytes", rank.weightBytes());
            each.put("kvBytesPerToken", rank.kvBytesPerToken());
            ranks.add(each);
        }
        document.put("ranks", ranks);
        return document;
    }

    void print(PrintWriter out) {
        ConversionReport.line(
                out,
                "devices",
                sharding.devices() + ", placement " + sharding.placement()
                        + (sharding.vocabulary() ? " with the vocabulary" : "") + ", collective " + collective);
        line(out, "exchanged", "%,d bytes a token", ShardingCost::exchangedBytesPerToken);
        line(out, "a device", "%,d bytes of weights", each -> each.largest().weightBytes());
        line(out, "", "%,d bytes of KV cache a token", each -> each.largest().kvBytesPerToken());
        if (unpaired.isEmpty()) {
            ConversionReport.line(out, "unpaired", "the checkpoint as it is cannot be cut over so many devices");
        }
    }

    private void line(PrintWriter out, String title, String format, ToLongFunction<ShardingCost> value) {
        String before = unpaired.map(cost -> String.format(Locale.ROOT, " (%,d unpaired)", value.applyAsLong(cost)))
                .orElse("");
        ConversionReport.line(out, title, String.format(Locale.ROOT, format, value.applyAsLong(cost)) + before);
    }
}
