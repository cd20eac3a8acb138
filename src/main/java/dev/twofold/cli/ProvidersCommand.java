package dev.twofold.cli;

import dev.twofold.ort.Offer;
import dev.twofold.ort.Provider;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "providers",
        mixinStandardHelpOptions = true,
        description = "Says what can run models on this machine, and what is missing where something cannot.")
final class ProvidersCommand implements Callable<Integer> {

    @Option(
            names = "--plugin",
            paramLabel = "NAME=LIBRARY",
            description = "A plugin of ONNX Runtime to try beside cpu, cuda and webgpu. May be given several times.")
    private List<Provider> plugins = List.of();

    @Option(names = "--format", paramLabel = "FORMAT", description = "Print the result as text (default) or json.")
    private OutputFormat format = OutputFormat.TEXT;

    @Mixin
    private Console console = new Console();

    @Override
    public Integer call() {
        Map<String, Provider> asked = new LinkedHashMap<>();
        List.of(Provider.CPU, Provider.CUDA, Provider.WEBGPU).forEach(known -> asked.put(known.name(), known));
        plugins.forEach(plugin -> asked.put(plugin.name(), plugin));
        List<Offer> offers = asked.values().stream().map(Offer::of).toList();
        if (format == OutputFormat.JSON) {
            console.json(document(offers));
        } else {
            console.out().println(Offer.runtime());
            offers.forEach(this::print);
        }
        return 0;
    }

    private static Map<String, Object> document(List<Offer> offers) {
        List<Map<String, Object>> providers = new ArrayList<>();
        for (Offer offer : offers) {
            Map<String, Object> provider = new LinkedHashMap<>();
            provider.put("name", offer.provider().name());
            provider.put("usable", offer.usable());
            provider.put("devices", offer.devices());
            provider.put("missing", offer.missing());
            providers.add(provider);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("runtime", Offer.runtime());
        document.put("providers", providers);
        return document;
    }

    private void print(Offer offer) {
        console.out()
                .printf(
                        "%-8s %s%n",
                        offer.provider().name(),
                        offer.usable() ? "ready: " + String.join("; ", offer.devices()) : "missing");
        offer.missing().lines().forEach(line -> console.out().printf("         %s%n", line));
    }
}
