#!/usr/bin/env python3
"""Drives the served account's ACM by boto3.

    boto3_acm.py http://127.0.0.1:4567
"""
from boto3_common import CERTIFICATE, KEY, begin, check, client, end, refused, skip

begin()
acm = client("acm", parameter_validation=False)

# --- requests ----------------------------------------------------------------
request = dict(DomainName="orders.example.com", SubjectAlternativeNames=["*.orders.example.com", "x.example.org"], ValidationMethod="DNS")
arn = acm.request_certificate(**request, IdempotencyToken="t1", Tags=[{"Key": "stack", "Value": "orders"}])["CertificateArn"]
check(arn.startswith("arn:aws:acm:eu-central-1:111122223333:certificate/"), arn)
check(acm.request_certificate(**request, IdempotencyToken="t1")["CertificateArn"] == arn, "the token's certificate")
check(acm.request_certificate(**request, IdempotencyToken="t2")["CertificateArn"] != arn, "another token")
refused("InvalidParameterException", acm.request_certificate, DomainName="other.example.com", ValidationMethod="DNS", IdempotencyToken="t1")
refused("InvalidParameterException", acm.request_certificate, DomainName="a.example.com", ValidationMethod="EMAIL")
refused("ValidationException", acm.request_certificate, DomainName="nodots", ValidationMethod="DNS")
refused("ValidationException", acm.request_certificate, ValidationMethod="DNS")
refused("UnknownParameter", acm.request_certificate, DomainName="a.example.com", ValidationMethod="DNS", CertificateAuthorityArn="arn:aws:acm-pca:eu-central-1:1:certificate-authority/x")
found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
check(found["Status"] == "PENDING_VALIDATION" and "ResourceRecord" not in found["DomainValidationOptions"][0], found)
skip(5)
options = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
check(options[0]["ResourceRecord"]["Type"] == "CNAME", options)
check(options[0]["ResourceRecord"] == options[1]["ResourceRecord"] != options[2]["ResourceRecord"], options)
check(found["InUseBy"] == [] and found["Type"] == "AMAZON_ISSUED" and found["KeyAlgorithm"] == "RSA-2048", found)
refused("RequestInProgressException", acm.get_certificate, CertificateArn=arn)

# --- tags ----------------------------------------------------------------------
acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "a", "Value": "1"}])
check(len(acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]) == 2, "two tags")
refused("InvalidTagException", acm.add_tags_to_certificate, CertificateArn=arn, Tags=[{"Key": "aws:a", "Value": "1"}])
acm.remove_tags_from_certificate(CertificateArn=arn, Tags=[{"Key": "a"}])
check(acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == [{"Key": "stack", "Value": "orders"}], "one tag")

# --- imports -------------------------------------------------------------------
imported = acm.import_certificate(Certificate=CERTIFICATE.encode(), PrivateKey=KEY.encode())["CertificateArn"]
found = acm.describe_certificate(CertificateArn=imported)["Certificate"]
check(found["Status"] == "ISSUED" and found["Type"] == "IMPORTED", found)
check(found["SubjectAlternativeNames"] == ["orders.example.com", "*.Example.com"], found)
check(found["DomainValidationOptions"] == [{"DomainName": "orders.example.com"}, {"DomainName": "*.Example.com"}], found)
check((found["DomainName"], found["Subject"], found["Issuer"]) == ("other.example.com", "CN=other.example.com", "other.example.com"), found)
check((found["Serial"], found["SignatureAlgorithm"], found["KeyUsages"]) == ("01:23:45:67:89:ab:cd:ef", "SHA256WITHECDSA", []), found)
check(found["NotAfter"].year == 2055, found)
refused("ValidationException", acm.import_certificate, Certificate=b"x", PrivateKey=KEY.encode())
refused("ValidationException", acm.import_certificate, Certificate=CERTIFICATE.encode(), PrivateKey=b"x")
refused("ValidationException", acm.import_certificate, CertificateArn=arn, Certificate=CERTIFICATE.encode(), PrivateKey=KEY.encode())
check(acm.import_certificate(CertificateArn=imported, Certificate=CERTIFICATE.encode(), PrivateKey=KEY.encode())["CertificateArn"] == imported, "imported again")
check(acm.get_certificate(CertificateArn=imported)["Certificate"] == CERTIFICATE, "the body")

# --- lists ---------------------------------------------------------------------
summaries = acm.list_certificates()["CertificateSummaryList"]
check(len(summaries) == 2, summaries)
pages = list(acm.get_paginator("list_certificates").paginate(Includes={"keyTypes": ["RSA_2048", "EC_prime256v1"]}, MaxItems=1))
check(len(pages) == 3, "three pages of one")
check(acm.list_certificates(CertificateStatuses=["ISSUED"])["CertificateSummaryList"] == [], "RSA only, unless asked")

# --- the end ---------------------------------------------------------------------
refused("ResourceNotFoundException", acm.describe_certificate, CertificateArn=arn[:-1] + "x")
refused("ValidationException", acm.describe_certificate, CertificateArn="arn:aws:iam::1:x")
acm.delete_certificate(CertificateArn=imported)
refused("ResourceNotFoundException", acm.delete_certificate, CertificateArn=imported)
skip(73 * 3600)
check(acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "VALIDATION_TIMED_OUT", "timed out")
end()
